//! Events as numbered marks on their days.

use portolan_ledger::register::Event;

use super::{FAINT, Frame, HEADING, INK, LEADING, LOOKS, MARGIN, PAPER, PLOT, SMALL, WORDS, rule};
use crate::font::{self, Unit, Weight};
use crate::scene::{Anchor, Area, Face, Paint, Scene, Shape, Taken};

/// Half the width of a mark.
const HALF: Unit = 80;
/// From one row of marks to the next.
const ROW: Unit = 178;
/// How many rows of marks there are at most.
const ROWS: usize = 8;

/// Who acts in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// One side, by its order.
    One(usize),
    /// Both.
    Both,
}

/// Who acts in an event: its actors, and the sides of the accounts where it has none.
pub(super) fn who(frame: &Frame<'_, '_>, event: &Event) -> Who {
    let mut sides: Vec<usize> = event.actors.iter().map(|actor| frame.order(actor.side)).collect();
    sides.sort_unstable();
    sides.dedup();
    if let [side] = sides[..] { Who::One(side) } else { Who::Both }
}

/// The marks, in as many rows as it takes; gives where the next part of the picture begins.
pub(super) fn draw(frame: &Frame<'_, '_>, scene: &mut Scene, y: Unit) -> Unit {
    let story = frame.story;
    if story.events.is_empty() {
        return y;
    }
    rule(scene, y);
    let room = WORDS - MARGIN;
    scene.write((MARGIN, y + 190), Anchor::Start, HEADING, "What was done and said");
    let text = "A mark for each event, on its day; where days are crowded marks stand behind it, in order, and the strokes above \
                show the days. The numbers lead to the accounts below.";
    let mut words = scene.lines(MARGIN, y + 350, SMALL, LEADING, &font::wrap(text, SMALL.size, SMALL.weight, room));
    let [one, other] = &story.asked.names;
    for (who, text) in [(Who::One(0), one.clone()), (Who::One(1), other.clone()), (Who::Both, "both".to_owned())] {
        mark(scene, (MARGIN + HALF, words + 20), who, "");
        scene.write((MARGIN + 3 * HALF, words + 55), Anchor::Start, SMALL, &text);
        words += ROW;
    }
    // Each mark goes into the first row with room on its day; where none has, into the one that has room soonest.
    let mut rows: Vec<Unit> = Vec::new();
    let top = y + 210;
    for (index, event) in story.events.iter().enumerate() {
        let day = frame.x_of_day(event.on);
        scene.draw(Shape::Line { ends: [day, y + 40, day, y + 110], paint: Paint::line(INK, 6, "") });
        let wanted = day.clamp(PLOT.0 + HALF, PLOT.1 - HALF);
        let room = |last: &Unit| last + 2 * HALF + 15;
        let row = match rows.iter().position(|last| room(last) <= wanted) {
            Some(row) => row,
            None if rows.len() < ROWS => {
                rows.push(Unit::MIN / 2);
                rows.len() - 1
            }
            None => (0..rows.len()).min_by_key(|row| rows[*row]).unwrap_or(0),
        };
        let x = wanted.max(room(&rows[row]));
        rows[row] = x;
        let down = top + Unit::try_from(row).unwrap_or(0) * ROW;
        mark(scene, (x, down), who(frame, event), &(index + 1).to_string());
    }
    let plot = top + Unit::try_from(rows.len()).unwrap_or(0) * ROW;
    plot.max(words) + 20
}

/// A mark at a place, which is where its text in the middle stands.
pub(super) fn mark(scene: &mut Scene, (x, y): (Unit, Unit), who: Who, number: &str) {
    let area = Area { left: x - HALF, top: y - HALF, right: x + HALF, bottom: y + HALF };
    scene.taken.push(Taken { area, by: format!("mark {number}") });
    let ink = match who {
        Who::One(0) => {
            scene.draw(Shape::Circle { middle: (x, y), radius: HALF, paint: Paint::filled(LOOKS[0].ink) });
            PAPER
        }
        Who::One(_) => {
            let paint = Paint { fill: PAPER, stroke: LOOKS[1].ink, thick: 14, dashes: "" };
            let inner = Area { left: area.left + 8, top: area.top + 8, right: area.right - 8, bottom: area.bottom - 8 };
            scene.draw(Shape::Rectangle { area: inner, paint });
            INK
        }
        Who::Both => {
            let paint = Paint { fill: "#E3E3E3", stroke: FAINT, thick: 10, dashes: "" };
            scene.draw(Shape::Circle { middle: (x, y), radius: HALF - 5, paint });
            INK
        }
    };
    // The number lies inside the mark, whose area is taken already.
    let face = Face { size: 84, weight: Weight::Bold, fill: ink };
    scene.draw(Shape::Text { x, y: y + 31, anchor: Anchor::Middle, face, text: number.to_owned() });
}
