//! What must hold of every answer, whoever gave it.

use portolan_ledger::line::Status;
use portolan_ledger::{Cents, EntryLine, Ledger};

use crate::answer::{Answer, Points, RowKind, Sum};

/// Checks one answer; the message names what does not hold.
pub fn check(ledger: &Ledger, line: &EntryLine, answer: &Answer) -> Result<(), String> {
    owed_only_where_it_stands(answer)?;
    layers_sum(ledger, answer)?;
    parts_within_the_value(ledger, line, answer)?;
    range(line, answer)
}

/// Nothing suspended, displaced, annulled, exempt or not in force is owed; what is owed is applied or past the horizon.
fn owed_only_where_it_stands(answer: &Answer) -> Result<(), String> {
    for row in &answer.rows {
        let stands = matches!(row.status, Status::Applied | Status::BeyondHorizon);
        if row.charge.is_some() && (!stands || answer.prohibited) {
            return Err(format!("{} is {} and owed", row.id, row.status.name()));
        }
        if row.charge.is_none() && stands && !answer.prohibited && row.kind != RowKind::Exception {
            let forbidden = answer.rows.iter().any(|r| r.kind == RowKind::Prohibition);
            if !forbidden {
                return Err(format!("{} is {} and not owed", row.id, row.status.name()));
            }
        }
        if let Some(charge) = row.charge {
            let duty = charge.duty.unwrap_or(Cents::ZERO);
            if charge.share < Points::ZERO || charge.share > Points::WHOLE || duty < Cents::ZERO {
                return Err(format!("{}: a share or a duty out of range", row.id));
            }
        }
    }
    Ok(())
}

/// The layers sum to the families and to the bill, to the cent.
fn layers_sum(ledger: &Ledger, answer: &Answer) -> Result<(), String> {
    if !answer.needs_input.is_empty() {
        // Rows on which settings differ have no duty of their own.
        return Ok(());
    }
    let mut additional = Some(Cents::ZERO);
    let mut ordinary = Some(Cents::ZERO);
    for row in &answer.rows {
        let Some(charge) = row.charge else { continue };
        let sum = if charge.ordinary { &mut ordinary } else { &mut additional };
        *sum = plus(*sum, charge.duty);
    }
    let agrees = |sum: Sum, rows: Option<Cents>| sum.duty.is_none() || sum.duty == rows;
    if !agrees(answer.additional, additional) {
        return Err(format!("additional {:?}, layers {additional:?}", answer.additional));
    }
    if !agrees(answer.ordinary, ordinary) {
        return Err(format!("ordinary {:?}, layers {ordinary:?}", answer.ordinary));
    }
    if !agrees(answer.total, plus(additional, ordinary)) {
        return Err(format!("total {:?}, layers {additional:?} + {ordinary:?}", answer.total));
    }
    if answer.additional.duty.is_some() {
        let families = answer.families.iter().map(|(_, sum)| sum.duty);
        let families = families.fold(Some(Cents::ZERO), plus);
        if families != answer.additional.duty {
            return Err(format!("families {families:?}, additional {:?}", answer.additional));
        }
    }
    if answer.families.iter().any(|(family, _)| usize::from(family.0) >= ledger.families.len()) {
        return Err("a family that is not in the ledger".to_owned());
    }
    Ok(())
}

fn plus(a: Option<Cents>, b: Option<Cents>) -> Option<Cents> {
    a?.0.checked_add(b?.0).map(Cents)
}

/// No row is assessed on more than the whole value.
fn parts_within_the_value(ledger: &Ledger, line: &EntryLine, answer: &Answer) -> Result<(), String> {
    let side = ledger.jurisdictions.get(usize::from(line.side.0));
    let grain = side.map_or(1, |side| side.value_grain).max(1);
    for row in &answer.rows {
        let Some(basis) = row.charge.and_then(|charge| charge.basis) else {
            continue;
        };
        let Some(value) = line.value else {
            return Err(format!("{}: money without a value", row.id));
        };
        if basis.0 > value.0.saturating_add(grain) || basis.0 % grain != 0 {
            return Err(format!("{}: a basis of {basis} of {value}", row.id));
        }
    }
    Ok(())
}

/// `duty_min <= total <= duty_max`, and both equal the total where nothing is asked for.
fn range(line: &EntryLine, answer: &Answer) -> Result<(), String> {
    let (min, max) = (answer.duty_min, answer.duty_max);
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        return Err(format!("a range from {min:?} to {max:?}"));
    }
    if !answer.needs_input.is_empty() {
        let totals = answer.total != Sum::default() || answer.additional != Sum::default();
        return if totals { Err("totals where facts are asked for".to_owned()) } else { Ok(()) };
    }
    // What cannot be computed has no total; where older codes differ it may lie anywhere between theirs.
    if answer.prohibited || line.value.is_none() || !answer.cannot_compute.is_empty() {
        return Ok(());
    }
    if min != answer.total.duty || max != answer.total.duty {
        return Err(format!("{min:?} to {max:?}, total {:?}", answer.total.duty));
    }
    Ok(())
}

/// What was assessed and is not owed comes back: the refund, by row, sums to the difference of the bills.
pub fn check_refund(assessed: &Answer, owed: &Answer) -> Result<(), String> {
    let Some((a, o)) = assessed.total.duty.zip(owed.total.duty) else {
        return Ok(());
    };
    let by_row = |answer: &Answer| -> i64 {
        let charges = answer.rows.iter().filter_map(|row| row.charge);
        charges.filter_map(|charge| charge.duty).map(|duty| duty.0).sum()
    };
    let refund = by_row(assessed) - by_row(owed);
    if refund == a.0 - o.0 { Ok(()) } else { Err(format!("refund by rows {refund}, by bills {}", a.0 - o.0)) }
}

/// A fact that becomes unstated never narrows the range: `wide` is the answer with less stated.
///
/// Not for assertions: one that is not made is taken as not claimed, so its absence is itself a statement.
pub fn check_unstating(narrow: &Answer, wide: &Answer) -> Result<(), String> {
    if narrow.prohibited || wide.prohibited || !wide.cannot_compute.is_empty() {
        return Ok(());
    }
    let lower = match narrow.duty_min.zip(wide.duty_min) {
        Some((narrow, wide)) => wide <= narrow,
        None => true,
    };
    let higher = match (narrow.duty_max, wide.duty_max) {
        (Some(narrow), Some(wide)) => wide >= narrow,
        // No bound at all is the widest.
        (_, None) | (None, Some(_)) => true,
    };
    if lower && higher {
        Ok(())
    } else {
        Err(format!(
            "{:?} to {:?} became {:?} to {:?} when less was stated",
            narrow.duty_min, narrow.duty_max, wide.duty_min, wide.duty_max
        ))
    }
}
