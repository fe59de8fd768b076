//! The picture of a story: rates of both sides as lines of steps, truces as bands, events as numbered marks with each
//! side's account in words, and measures as bars.
//!
//! Nothing in it is told by colour alone: the first side's line is unbroken and its marks are full discs, the second's line
//! is dashed and its marks are open squares; a suspended measure is hatched. The two colours are of the set of Okabe and
//! Ito, which colour-blind readers tell apart.

mod axis;
mod bars;
mod legend;
mod marks;
mod panels;
mod truces;

use portolan_ledger::time::MONTHS;
use portolan_ledger::{Day, Instant, Side};

use crate::font::{self, Unit, Weight};
use crate::rates::percent;
use crate::scene::{Area, Face, Hatch, Paint, Scene};
use crate::story::Story;
use crate::turns::Span;

/// The whole width.
const WIDTH: Unit = 14_000;
/// The empty edge.
const MARGIN: Unit = 300;
/// The right edge of the column of words beside the plots.
const WORDS: Unit = 3_500;
/// The plots.
const PLOT: (Unit, Unit) = (3_800, 12_000);
/// Where labels of lines begin, right of the plots.
const LABELS: Unit = 12_110;

/// Ink of the text.
const INK: &str = "#1A1A1A";
/// Ink of what one need not read first.
const FAINT: &str = "#595959";
/// Thin lines behind the plots.
const GRID: &str = "#D9D9D9";
/// Bands of truces.
const BAND: &str = "#EFEFEF";
/// Hatching of days for which texts were not read, as a fill.
const UNREAD: &str = "@hatch-unread";
/// Paper.
const PAPER: &str = "#FFFFFF";

const TITLE: Face = Face { size: 260, weight: Weight::Bold, fill: INK };
const LEAD: Face = Face { size: 125, weight: Weight::Plain, fill: FAINT };
const HEADING: Face = Face { size: 125, weight: Weight::Bold, fill: INK };
const BODY: Face = Face { size: 98, weight: Weight::Plain, fill: INK };
const STRONG: Face = Face { size: 98, weight: Weight::Bold, fill: INK };
const SMALL: Face = Face { size: 92, weight: Weight::Plain, fill: FAINT };

/// From one baseline of running text to the next.
const LEADING: Unit = 135;

/// How a side is drawn.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// Its colour.
    ink: &'static str,
    /// The dashes of its line.
    dashes: &'static str,
    /// The hatching of what it suspended, as a fill.
    hatch: &'static str,
    /// It is the first: its marks are full.
    full: bool,
}

/// The two sides, in the order in which they were asked.
const LOOKS: [Look; 2] = [
    Look { ink: "#0072B2", dashes: "", hatch: "@hatch-first", full: true },
    Look { ink: "#D55E00", dashes: "7 3", hatch: "@hatch-second", full: false },
];

/// What every part of the picture needs.
struct Frame<'s, 'l> {
    story: &'s Story<'l>,
    /// The first moment shown and the first no longer.
    span: Span,
}

impl Frame<'_, '_> {
    /// Where a moment lies; moments outside lie on the edges.
    fn x(&self, at: Instant) -> Unit {
        let (from, until) = self.span;
        let all = i128::from(until.0) - i128::from(from.0);
        let past = i128::from(at.0.clamp(from.0, until.0)) - i128::from(from.0);
        let wide = i128::from(PLOT.1 - PLOT.0);
        PLOT.0 + Unit::try_from(past * wide / all.max(1)).unwrap_or(0)
    }

    /// The middle of a day.
    fn x_of_day(&self, day: Day) -> Unit {
        let clock = self.story.ledger.clock(self.story.asked.between[0]);
        clock.map_or(PLOT.0, |clock| self.x(Instant(i64::midpoint(clock.day_start(day).0, clock.day_end(day).0))))
    }

    /// The last day for which the texts of both sides were read, where it lies within the time told.
    fn read_through(&self) -> Option<Day> {
        let asked = &self.story.asked;
        let own = |side: &Side| asked.between.contains(side);
        let programs = self.story.ledger.programs.iter().filter(|program| own(&program.levied_by));
        // What was known on an earlier day is a plain answer.
        let through = programs.map(|program| program.checked_through).min()?;
        (through < asked.to && through < asked.known).then_some(through)
    }

    /// Which of the two sides it is.
    fn order(&self, side: Side) -> usize {
        usize::from(self.story.asked.between[0] != side)
    }

    fn look(&self, side: Side) -> Look {
        LOOKS[self.order(side)]
    }
}

/// `9 April`, with the year where the time told has more than one.
fn date(story: &Story<'_>, day: Day) -> String {
    let Some(date) = day.date() else { return String::new() };
    let month = MONTHS[usize::try_from(date.month() - 1).unwrap_or(0)];
    let years = [story.asked.from, story.asked.to].map(|day| day.date().map(jiff::civil::Date::year));
    let year = if years == [Some(date.year()); 2] { String::new() } else { format!(" {}", date.year()) };
    format!("{} {month}{year}", date.day())
}

/// `January to August 2025`, or from day to day where months are not whole.
fn title_dates(story: &Story<'_>) -> String {
    let (Some(from), Some(to)) = (story.asked.from.date(), story.asked.to.date()) else { return String::new() };
    let month = |date: jiff::civil::Date| MONTHS[usize::try_from(date.month() - 1).unwrap_or(0)];
    let whole = from.day() == 1 && to.day() == to.days_in_month();
    match (whole, from.year() == to.year()) {
        (true, _) if from.month() == 1 && to.month() == 12 && from.year() == to.year() => from.year().to_string(),
        (true, false) if from.month() == 1 && to.month() == 12 => format!("{} to {}", from.year(), to.year()),
        (true, true) if from.month() == to.month() => format!("{} {}", month(from), from.year()),
        (true, true) => format!("{} to {} {}", month(from), month(to), from.year()),
        (true, false) => format!("{} {} to {} {}", month(from), from.year(), month(to), to.year()),
        (false, _) => {
            format!("{} {} {} to {} {} {}", from.day(), month(from), from.year(), to.day(), month(to), to.year())
        }
    }
}

/// The title of a story.
pub fn title(story: &Story<'_>) -> String {
    let [first, second] = &story.asked.names;
    format!("{first} and {second}: tariffs, {}", title_dates(story))
}

/// What the picture shows, in a sentence or two.
pub fn subtitle(story: &Story<'_>) -> String {
    let supposed = supposed(story);
    format!(
        "{supposed}What each side adds to its ordinary duty on the other's goods, in percent of the value; truces; measures that are no \
         tariffs; and what was done and said, each side's account under its own name. As known on {}.",
        story.asked.known
    )
}

/// What is supposed, as the first sentence; nothing where the law is told as it is.
fn supposed(story: &Story<'_>) -> String {
    let supposed = &story.asked.supposed;
    if supposed.is_empty() {
        String::new()
    } else {
        format!("Supposed, not the law as it is: {}. ", supposed.join("; "))
    }
}

/// Draws a story.
pub fn draw(story: &Story<'_>) -> Scene {
    let [first, second] = story.spans;
    let frame = Frame { story, span: (first.0.min(second.0), first.1.max(second.1)) };
    let hatch = |id, look: Look| Hatch { id, stroke: look.ink };
    let mut scene = Scene {
        width: WIDTH,
        hatches: vec![
            hatch("hatch-first", LOOKS[0]),
            hatch("hatch-second", LOOKS[1]),
            Hatch { id: "hatch-unread", stroke: "#F3F3F3" },
        ],
        ..Scene::default()
    };
    let room = WIDTH - 2 * MARGIN;
    let lines = font::wrap(&title(story), TITLE.size, TITLE.weight, room);
    let mut y = scene.lines(MARGIN, MARGIN + TITLE.size, TITLE, 310, &lines);
    let lines = font::wrap(&subtitle(story), LEAD.size, LEAD.weight, room);
    y = scene.lines(MARGIN, y - 60, LEAD, 165, &lines) + 60;
    // Bands and grid lie behind all that follows, whose height is known only when it is drawn.
    let behind = scene.shapes.len();
    let plots = y;
    y = truces::draw(&frame, &mut scene, y);
    let bands = y;
    y = panels::draw(&frame, &mut scene, y);
    let bands_end = y;
    y = axis::labels(&frame, &mut scene, y);
    y = marks::draw(&frame, &mut scene, y);
    y = bars::draw(&frame, &mut scene, y);
    let mut back = axis::grid(&frame, plots, y);
    back.splice(0..0, truces::bands(&frame, bands, bands_end));
    if let Some(through) = frame.read_through() {
        let area = Area { left: frame.x_of_day(through), top: plots, right: PLOT.1, bottom: y };
        back.insert(0, crate::scene::Shape::Rectangle { area, paint: Paint::filled(UNREAD) });
    }
    scene.shapes.splice(behind..behind, back);
    y = axis::labels(&frame, &mut scene, y);
    y = legend::draw(&frame, &mut scene, y);
    scene.height = legend::notes(&frame, &mut scene, y) + MARGIN;
    scene
}

/// The picture as an SVG document.
pub fn svg(story: &Story<'_>) -> String {
    draw(story).svg(&title(story), &describe(story))
}

/// The picture in words, for those who do not see it.
pub fn describe(story: &Story<'_>) -> String {
    let sides = story.asked.between.iter().enumerate().map(|(at, _)| {
        let (name, other) = (&story.asked.names[at], &story.asked.names[1 - at]);
        let ends = |steps: &crate::rates::Steps| match (steps.steps.first(), steps.steps.last()) {
            (Some(first), Some(last)) => {
                let highest = steps.steps.iter().map(|step| step.high).max().unwrap_or(0);
                format!("from {} to {} percent, at most {}", percent(first.high), percent(last.high), percent(highest))
            }
            _ => "not computed".to_owned(),
        };
        let rates = &story.rates[at];
        let average = if story.asked.averages { format!("average {}; ", ends(&rates.average)) } else { String::new() };
        let good = format!("{} {}", story.asked.good_name, ends(&rates.good));
        format!("Duty that {name} adds on goods of {other}: {average}{good}.")
    });
    let counts = format!(
        "{} events and {} measures are shown; the text below the lines, and the tables of the page, say each.",
        story.events.len(),
        story.measures.len()
    );
    supposed(story) + &sides.chain([counts]).collect::<Vec<_>>().join(" ")
}

/// A thin line across the words and the plots, above a part of the picture.
fn rule(scene: &mut Scene, y: Unit) {
    scene.draw(crate::scene::Shape::Line { ends: [MARGIN, y, WIDTH - MARGIN, y], paint: Paint::line(FAINT, 6, "") });
}

#[cfg(test)]
mod tests;
