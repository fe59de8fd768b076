//! Measures that are no tariffs, as bars.

use portolan_ledger::register::{Measure, State, Status};

use super::{BODY, FAINT, Frame, HEADING, LEADING, MARGIN, PAPER, SMALL, WORDS, rule};
use crate::font::{self, Unit, Weight};
use crate::scene::{Anchor, Area, Face, Paint, Scene, Shape};
use crate::story::{Stretch, stretches};

/// How high a bar is.
const BAR: Unit = 90;

/// The bars of both sides; gives where the next part of the picture begins.
pub(super) fn draw(frame: &Frame<'_, '_>, scene: &mut Scene, y: Unit) -> Unit {
    let mut y = y;
    for (order, side) in frame.story.asked.between.into_iter().enumerate() {
        let own: Vec<&Measure> = frame.story.measures.iter().filter(|m| m.side == side).copied().collect();
        if own.is_empty() {
            continue;
        }
        rule(scene, y);
        let heading = format!("{}: measures that are no tariffs", frame.story.asked.names[order]);
        let lines = font::wrap(&heading, HEADING.size, HEADING.weight, WORDS - MARGIN);
        y = scene.lines(MARGIN, y + 190, HEADING, 165, &lines) - 40;
        if order == 0 || frame.story.measures.iter().all(|measure| measure.side == side) {
            y = key(frame, scene, y, order);
        }
        for measure in own {
            y = row(frame, scene, measure, y);
        }
        y += 70;
    }
    y
}

/// What bars look like, said once.
fn key(frame: &Frame<'_, '_>, scene: &mut Scene, y: Unit, order: usize) -> Unit {
    let side = frame.story.asked.between[order];
    let states = [
        (State::Is(Status::Imposed), "in force"),
        (State::Is(Status::Suspended), "suspended"),
        (State::Is(Status::Announced), "announced"),
        (State::Unknown, "not known"),
    ];
    let mut x = MARGIN;
    for (state, name) in states {
        let wide = font::width(name, SMALL.size, SMALL.weight);
        bar(frame, scene, side, state, Area { left: x, top: y + 40, right: x + 200, bottom: y + 40 + BAR });
        scene.write((x + 240, y + 118), Anchor::Start, SMALL, name);
        x += 240 + wide + 90;
    }
    y + LEADING + 60
}

fn row(frame: &Frame<'_, '_>, scene: &mut Scene, measure: &Measure, y: Unit) -> Unit {
    let lines = font::wrap_at_most(&measure.title, BODY.size, BODY.weight, WORDS - MARGIN, 2);
    let after = scene.lines(MARGIN, y + 105, BODY, LEADING - 12, &lines);
    let span = frame.story.span(measure.side);
    for stretch in stretches(measure, frame.story.asked.known, span) {
        let area =
            Area { left: frame.x(stretch.from), top: y + 25, right: frame.x(stretch.until), bottom: y + 25 + BAR };
        bar(frame, scene, measure.side, stretch.state, area);
        ended(frame, scene, &stretch, area);
    }
    after - 105 + 45
}

/// A bar in the manner of a state; what has ended has none.
fn bar(frame: &Frame<'_, '_>, scene: &mut Scene, side: portolan_ledger::Side, state: State, area: Area) {
    let look = frame.look(side);
    let paint = match state {
        State::Is(Status::Imposed) => Paint::filled(look.ink),
        State::Is(Status::Suspended) => Paint { fill: look.hatch, stroke: look.ink, thick: 8, dashes: "" },
        State::Is(Status::Announced) => Paint { fill: PAPER, stroke: look.ink, thick: 8, dashes: "2 2" },
        State::Unknown => Paint { fill: PAPER, stroke: FAINT, thick: 8, dashes: "1 2" },
        State::Is(Status::Lifted | Status::Lapsed) => return,
    };
    scene.draw(Shape::Rectangle { area, paint });
}

/// The word of a state that has no bar, where it begins and there is room.
fn ended(frame: &Frame<'_, '_>, scene: &mut Scene, stretch: &Stretch<'_>, area: Area) {
    if !matches!(stretch.state, State::Is(Status::Lifted | Status::Lapsed)) || !stretch.begins {
        return;
    }
    let face = Face { size: 84, weight: Weight::Plain, fill: FAINT };
    let text = stretch.state.name();
    let wide = font::width(text, face.size, face.weight);
    let next = frame.x(stretch.until);
    if wide + 90 <= next - area.left {
        scene.write((area.left + 50, area.bottom - 15), Anchor::Start, face, text);
    }
}
