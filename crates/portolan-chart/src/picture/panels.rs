//! Rates of both sides as lines of steps: the averages, and those of one good.

use super::{FAINT, Frame, GRID, HEADING, LABELS, LEADING, LOOKS, MARGIN, PLOT, SMALL, WIDTH, WORDS, rule};
use crate::font::{self, Unit, Weight};
use crate::rates::{Steps, percent};
use crate::scene::{Anchor, Area, Face, Paint, Scene, Shape, area_of};

/// How high a panel is.
const HIGH: Unit = 2_300;

/// A panel: two lines, of the first side and the second.
struct Panel<'p> {
    heading: String,
    text: String,
    lines: [&'p Steps; 2],
}

/// Both panels; gives where the next part of the picture begins.
pub(super) fn draw(frame: &Frame<'_, '_>, scene: &mut Scene, y: Unit) -> Unit {
    let story = frame.story;
    let [first, second] = &story.rates;
    let [one, other] = &story.asked.names;
    let average = Panel {
        heading: "Average of all tariff lines".to_owned(),
        text: format!(
            "Simple average, computed from the law: {one} over the {} eight-digit lines of its schedule, {other} over the {} \
             numbers that its lists name. {}",
            first.average.lines,
            second.average.lines,
            caveat(&[&first.average, &second.average]),
        ),
        lines: [&first.average, &second.average],
    };
    let numbers =
        if second.good.lines > 1 { format!(" ({} numbers of {other})", second.good.lines) } else { String::new() };
    let good = Panel {
        heading: format!("{}, {}", story.asked.good_name, story.asked.good),
        text: format!(
            "All additional duties on this good, one on top of the other{numbers}. {}",
            caveat(&[&first.good, &second.good])
        ),
        lines: [&first.good, &second.good],
    };
    let y = if story.asked.averages { panel(frame, scene, &average, y) } else { y };
    panel(frame, scene, &good, y)
}

/// What is to be said where lines turn on what was not stated.
fn caveat(lines: &[&Steps]) -> String {
    let open: usize = lines.iter().map(|steps| steps.open).sum();
    let ranges = lines.iter().any(|steps| steps.steps.iter().any(|step| step.low != step.high));
    let unpriced: usize = lines.iter().map(|steps| steps.unpriced).sum();
    let mut said = Vec::new();
    if ranges {
        let how_many = if open > 1 { format!(" ({open} lines at the end)") } else { String::new() };
        said.push(format!("Where a duty turns on what is not stated{how_many} the line stands at the most, the shade reaches to the least."));
    }
    if unpriced > 0 {
        said.push(format!("{unpriced} lines whose duty is no share of the value, or not known, are left out."));
    }
    said.join(" ")
}

fn panel(frame: &Frame<'_, '_>, scene: &mut Scene, panel: &Panel<'_>, y: Unit) -> Unit {
    rule(scene, y);
    let room = WORDS - MARGIN;
    let heading = font::wrap(&panel.heading, HEADING.size, HEADING.weight, room);
    let after = scene.lines(MARGIN, y + 190, HEADING, 165, &heading);
    let text = font::wrap(&panel.text, SMALL.size, SMALL.weight, room);
    let after = scene.lines(MARGIN, after, SMALL, LEADING - 5, &text);
    let (top, bottom) = (y + 260, (y + HIGH).max(after));
    let scale = Scale::of(&panel.lines, top, bottom);
    scale.grid(scene);
    for (order, steps) in panel.lines.iter().enumerate() {
        curve(frame, scene, &scale, steps, order);
    }
    names(frame, scene, &scale, panel);
    for (order, steps) in panel.lines.iter().enumerate() {
        values(frame, scene, &scale, steps, order);
    }
    bottom + 60
}

/// From points to places.
struct Scale {
    top: Unit,
    bottom: Unit,
    /// Points between two lines of the grid.
    step: i64,
    /// The highest line of the grid, in points.
    most: i64,
}

impl Scale {
    fn of(lines: &[&Steps; 2], top: Unit, bottom: Unit) -> Self {
        let micro = lines.iter().flat_map(|steps| &steps.steps).map(|step| step.high).max().unwrap_or(0);
        let points = micro.div_euclid(1_000_000) + 1;
        let step = [1, 2, 5, 10, 20, 25, 50, 100, 250, 500].into_iter().find(|step| points / step < 6).unwrap_or(1_000);
        Self { top, bottom, step, most: (points + step - 1) / step * step }
    }

    fn y(&self, micro_points: i64) -> Unit {
        let high = i128::from(self.bottom - self.top);
        let all = i128::from(self.most) * 1_000_000;
        self.bottom - Unit::try_from(i128::from(micro_points) * high / all.max(1)).unwrap_or(0)
    }

    fn grid(&self, scene: &mut Scene) {
        let mut points = 0;
        while points <= self.most {
            let y = self.y(points * 1_000_000);
            scene.draw(Shape::Line { ends: [PLOT.0, y, PLOT.1, y], paint: Paint::line(GRID, 5, "") });
            let text = if points + self.step > self.most { format!("{points}%") } else { points.to_string() };
            scene.write((PLOT.0 - 60, y + 33), Anchor::End, SMALL, &text);
            points += self.step;
        }
    }
}

/// How thick a line is.
const THICK: Unit = 26;

fn curve(frame: &Frame<'_, '_>, scene: &mut Scene, scale: &Scale, steps: &Steps, order: usize) {
    let look = LOOKS[order];
    for (index, step) in steps.steps.iter().enumerate() {
        let (left, right) = (frame.x(step.at), ends(frame, steps, index));
        if step.low < step.high {
            let area = Area { left, top: scale.y(step.high), right, bottom: scale.y(step.low) };
            scene.draw(Shape::Rectangle { area, paint: Paint::filled(look.hatch) });
        }
        // What the line takes: the level, and the way to it.
        let y = scale.y(step.high);
        scene.drawn.push(Area { left, top: y - THICK / 2, right, bottom: y + THICK / 2 });
        if let Some(before) = index.checked_sub(1).map(|at| scale.y(steps.steps[at].high)) {
            let (top, bottom) = (y.min(before), y.max(before));
            scene.drawn.push(Area { left: left - THICK / 2, top, right: left + THICK / 2, bottom });
        }
    }
    let points: Vec<(Unit, Unit)> = steps.steps.iter().map(|step| (frame.x(step.at), scale.y(step.high))).collect();
    if !points.is_empty() {
        scene.draw(Shape::Steps { points, end: PLOT.1, paint: Paint::line(look.ink, THICK, look.dashes) });
    }
}

/// Where a step gives way to the next.
fn ends(frame: &Frame<'_, '_>, steps: &Steps, index: usize) -> Unit {
    steps.steps.get(index + 1).map_or(PLOT.1, |next| frame.x(next.at))
}

/// Whose line it is, beside its end; apart where lines end at one level.
fn names(frame: &Frame<'_, '_>, scene: &mut Scene, scale: &Scale, panel: &Panel<'_>) {
    let [one, other] = &frame.story.asked.names;
    let mut labels: Vec<(Unit, usize, Vec<String>)> = Vec::new();
    for (order, steps) in panel.lines.iter().enumerate() {
        let Some(last) = steps.steps.last() else { continue };
        let (by, on) = if order == 0 { (one, other) } else { (other, one) };
        let text = format!("{by} on goods of {on}: {}%", last.percent());
        let lines = font::wrap(&text, NAME, Weight::Bold, WIDTH - 200 - LABELS);
        labels.push((scale.y(last.high), order, lines));
    }
    labels.sort_by_key(|(y, ..)| *y);
    let high = |lines: &Vec<String>| LEADING * Unit::try_from(lines.len()).unwrap_or(1);
    let mut tops: Vec<Unit> = labels.iter().map(|(y, _, lines)| y - high(lines) / 2).collect();
    // From above each label is pushed below the one before it, then from below all back into the panel.
    let all: Unit = labels.iter().map(|(.., lines)| high(lines) + 40).sum();
    let floor = scale.bottom.max(scale.top + all);
    for at in 0..tops.len() {
        let above = at.checked_sub(1).map_or(scale.top - 100, |before| tops[before] + high(&labels[before].2) + 40);
        tops[at] = tops[at].max(above);
    }
    let mut below = floor;
    for at in (0..tops.len()).rev() {
        tops[at] = tops[at].min(below - high(&labels[at].2));
        below = tops[at] - 40;
    }
    for ((_, order, lines), top) in labels.iter().zip(tops) {
        let face = Face { size: NAME, weight: Weight::Bold, fill: LOOKS[*order].ink };
        scene.lines(LABELS, top + 100, face, LEADING, lines);
    }
}

/// The size of the names of lines.
const NAME: Unit = 102;

/// The levels of a line in figures, the highest and the longest first, where there is room.
fn values(frame: &Frame<'_, '_>, scene: &mut Scene, scale: &Scale, steps: &Steps, order: usize) {
    let face = Face { size: 95, weight: Weight::Bold, fill: LOOKS[order].ink };
    let mut wanted: Vec<(usize, Unit)> =
        (0..steps.steps.len()).map(|at| (at, ends(frame, steps, at) - frame.x(steps.steps[at].at))).collect();
    let highest = steps.steps.iter().map(|step| step.high).max();
    wanted.sort_by_key(|(at, wide)| (Some(steps.steps[*at].high) != highest, std::cmp::Reverse(*wide), *at));
    let mut written: Vec<(i64, Unit)> = Vec::new();
    for (at, wide) in wanted {
        let step = steps.steps[at];
        // A level that is written close by already is not said again, and neither is the smallest of moves.
        let x = frame.x(step.at);
        let near = |(level, place): &(i64, Unit)| (level - step.high).abs() < 500_000 && (place - x).abs() < 1_500;
        if written.iter().any(near) || wide < 30 && Some(step.high) != highest {
            continue;
        }
        let text = percent(step.high);
        let y = scale.y(step.high);
        let middle = x + wide / 2;
        let (above, below) = (y - 45, y + 115);
        let places = [
            (middle, above, Anchor::Middle),
            (x + 10, above, Anchor::Start),
            (middle, below, Anchor::Middle),
            (x + wide + 40, y + 60, Anchor::Start),
            (x - 40, y + 60, Anchor::End),
            (x + wide - 10, above, Anchor::End),
        ];
        let inside = Area { left: PLOT.0 + 10, top: scale.top - 190, right: PLOT.1, bottom: scale.bottom };
        let free = places.into_iter().find(|(x, y, anchor)| {
            let area = area_of((*x, *y), *anchor, face, &text);
            let apart = Area { left: area.left - 15, top: area.top, right: area.right + 15, bottom: area.bottom };
            inside.holds(&area) && scene.is_free(&apart)
        });
        if let Some((at_x, at_y, anchor)) = free {
            scene.write((at_x, at_y), anchor, face, &text);
            written.push((step.high, x));
        }
    }
    if steps.steps.is_empty() {
        let face = Face { size: 95, weight: Weight::Plain, fill: FAINT };
        let y = scale.bottom - 60 - Unit::try_from(order).unwrap_or(0) * LEADING;
        let text = format!("{}: not computed", frame.story.asked.names[order]);
        scene.write((PLOT.0 + 40, y), Anchor::Start, face, &text);
    }
}
