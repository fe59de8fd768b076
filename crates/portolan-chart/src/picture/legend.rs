//! The accounts of events in words, and the notes at the foot.

use std::fmt::Write as _;

use portolan_ledger::register::Event;

use super::marks::{mark, who};
use super::{BODY, Frame, HEADING, LEADING, LOOKS, MARGIN, SMALL, STRONG, WIDTH, date, rule};
use crate::font::{self, Unit, Weight};
use crate::scene::{Anchor, Face, Scene};

/// How many columns of text.
const COLUMNS: Unit = 4;
/// Between two columns.
const GAP: Unit = 260;
/// How wide a column is.
const COLUMN: Unit = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS;
/// Room for the mark before the text.
const INDENT: Unit = 230;
/// How many points of one side are told.
const POINTS: usize = 3;

/// A line of a block, in its letters.
struct Said {
    face: Face,
    text: String,
}

/// What is said of an event.
struct Block {
    index: usize,
    lines: Vec<Said>,
}

impl Block {
    fn high(&self) -> Unit {
        LEADING * Unit::try_from(self.lines.len()).unwrap_or(1) + 95
    }
}

/// The accounts, in columns; gives where the next part of the picture begins.
pub(super) fn draw(frame: &Frame<'_, '_>, scene: &mut Scene, y: Unit) -> Unit {
    if frame.story.events.is_empty() {
        return y;
    }
    rule(scene, y);
    scene.write(
        (MARGIN, y + 190),
        Anchor::Start,
        HEADING,
        "The events, and each side's account of them under its own name",
    );
    let top = y + 330;
    let blocks: Vec<Block> =
        frame.story.events.iter().enumerate().map(|(index, event)| block(frame, index, event)).collect();
    let limit = limit(&blocks);
    let (mut column, mut at, mut lowest) = (0, 0, 0);
    for block in &blocks {
        if at > 0 && at + block.high() > limit && column + 1 < COLUMNS {
            (column, at) = (column + 1, 0);
        }
        let x = MARGIN + column * (COLUMN + GAP);
        let event = frame.story.events[block.index];
        mark(scene, (x + 85, top + at + 10), who(frame, event), &(block.index + 1).to_string());
        let mut y = top + at + 45;
        for line in &block.lines {
            scene.write((x + INDENT, y), Anchor::Start, line.face, &line.text);
            y += LEADING;
        }
        at += block.high();
        lowest = lowest.max(at);
    }
    top + lowest
}

/// The least height at which all blocks go into the columns, in their order.
fn limit(blocks: &[Block]) -> Unit {
    let all: Unit = blocks.iter().map(Block::high).sum();
    let mut limit = (all / COLUMNS).max(blocks.iter().map(Block::high).max().unwrap_or(0));
    loop {
        let (mut columns, mut at) = (1, 0);
        for block in blocks {
            if at > 0 && at + block.high() > limit {
                (columns, at) = (columns + 1, 0);
            }
            at += block.high();
        }
        if columns <= COLUMNS || limit >= all {
            return limit;
        }
        limit += 50;
    }
}

fn block(frame: &Frame<'_, '_>, index: usize, event: &Event) -> Block {
    let room = COLUMN - INDENT;
    let mut lines = Vec::new();
    let mut say = |face: Face, text: &str| {
        let wrapped = font::wrap(text, face.size, face.weight, room);
        lines.extend(wrapped.into_iter().map(|text| Said { face, text }));
    };
    say(STRONG, &format!("{}: {}", days(frame, event), event.title));
    for (order, side) in frame.story.asked.between.into_iter().enumerate() {
        let points: Vec<&str> =
            event.claims.iter().filter(|claim| claim.by.side == side).map(|claim| claim.says.as_str()).collect();
        if points.is_empty() {
            continue;
        }
        let face = Face { fill: LOOKS[order].ink, ..STRONG };
        say(face, &format!("{} says:", frame.story.asked.names[order]));
        let more = points.len().saturating_sub(POINTS);
        let mut text = points.iter().take(POINTS).copied().collect::<Vec<_>>().join("; ");
        match more {
            0 => {}
            1 => text += "; and one point more",
            more => {
                let _ = write!(text, "; and {more} points more");
            }
        }
        say(BODY, &text);
    }
    if event.claims.is_empty()
        && let Some(outcome) = &event.outcome
    {
        say(BODY, outcome);
    }
    Block { index, lines }
}

/// The day of an event, and its last where it has one.
fn days(frame: &Frame<'_, '_>, event: &Event) -> String {
    let on = date(frame.story, event.on);
    event
        .until
        .filter(|until| *until != event.on)
        .map_or_else(|| on.clone(), |until| format!("{on} to {}", date(frame.story, until)))
}

/// Where the picture comes from; gives its lower edge.
pub(super) fn notes(frame: &Frame<'_, '_>, scene: &mut Scene, y: Unit) -> Unit {
    rule(scene, y + 40);
    let lines = font::wrap(&sources(frame), SMALL.size, Weight::Plain, WIDTH - 2 * MARGIN);
    scene.lines(MARGIN, y + 200, SMALL, LEADING, &lines)
}

fn sources(frame: &Frame<'_, '_>) -> String {
    let story = frame.story;
    let through = story.ledger.registers.iter().map(|register| register.checked_through).min();
    let through =
        through.map_or(String::new(), |day| format!(" Measures and events: the sources reach through {day}."));
    let unread = frame.read_through().map_or(String::new(), |day| {
        format!(" Past {day}, where the ground is hatched, not every text was read: lines go on as the texts stood, and portolan clock shows the branches.")
    });
    let version: String = story.ledger.version.chars().take(12).collect();
    format!(
        "Sources: legal acts of both sides as recorded in the Portolan ledger {version}; each figure is computed from them, and \
         portolan timeline names each act.{through}{unread} Accounts are what each side said, in short words of the editors; the ledger \
         does not say who is right. Days of {one} begin by its clock, days of {other} by its own.",
        one = story.asked.names[0],
        other = story.asked.names[1],
    )
}
