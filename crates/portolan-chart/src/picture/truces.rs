//! Truces: bands behind the rates, and a bar with its terms for each.

use portolan_ledger::Instant;

use super::{BAND, BODY, Frame, HEADING, LEADING, MARGIN, PAPER, PLOT, WORDS, date, rule};
use crate::font::{self, Unit, Weight};
use crate::scene::{Anchor, Area, Face, Paint, Scene, Shape};
use crate::story::Truce;
use crate::turns::Span;

/// How high a bar is.
const BAR: Unit = 130;

/// Stretches of time that a truce covers within the time told: terms that follow each other are one; what a judgment ended is over.
fn covered(truce: &Truce<'_>, span: Span) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    for term in &truce.terms {
        let ceased = truce.ceased.map_or(Instant::MAX, |(at, _)| at);
        let (from, until) = (term.from.max(span.0), term.until.unwrap_or(Instant::MAX).min(span.1).min(ceased));
        if until <= from {
            continue;
        }
        match found.last_mut().filter(|last| last.1 == from) {
            Some(last) => last.1 = until,
            None => found.push((from, until)),
        }
    }
    found
}

/// Bands where a duty on all goods of either side was under a truce.
pub(super) fn bands(frame: &Frame<'_, '_>, top: Unit, bottom: Unit) -> Vec<Shape> {
    let wide = frame.story.truces.iter().filter(|truce| truce.all_goods);
    let mut spans: Vec<Span> = wide.flat_map(|truce| covered(truce, frame.span)).collect();
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut().filter(|last| span.0 <= last.1) {
            Some(last) => last.1 = last.1.max(span.1),
            None => joined.push(span),
        }
    }
    let band = |(from, until): Span| Shape::Rectangle {
        area: Area { left: frame.x(from), top, right: frame.x(until), bottom },
        paint: Paint::filled(BAND),
    };
    joined.into_iter().map(band).collect()
}

/// A bar for each truce; gives where the next part of the picture begins.
pub(super) fn draw(frame: &Frame<'_, '_>, scene: &mut Scene, y: Unit) -> Unit {
    let mut truces: Vec<&Truce<'_>> = frame.story.truces.iter().collect();
    truces.retain(|truce| !covered(truce, frame.span).is_empty());
    truces.sort_by_key(|truce| (!truce.all_goods, frame.order(truce.side)));
    if truces.is_empty() {
        return y;
    }
    rule(scene, y);
    let mut y = y + 190;
    scene.write((MARGIN, y), Anchor::Start, HEADING, "Truces and suspensions of tariffs");
    y += 80;
    for truce in truces {
        let text = format!("{}: {}", frame.story.name(truce.side), truce.title());
        let lines = font::wrap_at_most(&text, BODY.size, BODY.weight, WORDS - MARGIN, 2);
        let after = scene.lines(MARGIN, y + 110, BODY, LEADING, &lines);
        for span in covered(truce, frame.span) {
            bar(frame, scene, truce, span, y + 20);
        }
        y = after.max(y + BAR + 110) - 50;
    }
    y + 60
}

/// The bar of a stretch, with lines where a term gives way to the next, and the day on which each ends.
fn bar(frame: &Frame<'_, '_>, scene: &mut Scene, truce: &Truce<'_>, span: Span, top: Unit) {
    let look = frame.look(truce.side);
    let area = Area { left: frame.x(span.0), top, right: frame.x(span.1), bottom: top + BAR };
    let paint = Paint { fill: if look.full { look.ink } else { PAPER }, stroke: look.ink, thick: 12, dashes: "" };
    scene.draw(Shape::Rectangle { area, paint });
    let face = Face { size: 92, weight: Weight::Bold, fill: if look.full { PAPER } else { look.ink } };
    for term in truce.terms.iter().filter(|term| term.from < span.1 && term.until.is_none_or(|until| until > span.0)) {
        let ends = term.until.filter(|&until| until < span.1);
        if let Some(until) = ends {
            let x = frame.x(until);
            let ink = if look.full { PAPER } else { look.ink };
            scene.draw(Shape::Line { ends: [x, top, x, top + BAR], paint: Paint::line(ink, 12, "") });
        }
        let text = match term.until {
            Some(until) => format!("until {}", date_or_later(frame, truce, until)),
            None => "no end stated".to_owned(),
        };
        let (left, right) = (frame.x(term.from.max(span.0)), frame.x(ends.unwrap_or(span.1)));
        if font::width(&text, face.size, face.weight) + 80 <= right - left && left >= PLOT.0 {
            scene.write((left + 40, top + 98), Anchor::Start, face, &text);
        }
    }
}

/// The day on which a term ends, with its year where that is not plain.
fn date_or_later(frame: &Frame<'_, '_>, truce: &Truce<'_>, until: Instant) -> String {
    date(frame.story, frame.story.day(truce.side, until))
}
