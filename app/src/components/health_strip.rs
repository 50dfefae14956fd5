//! How something was over the last hours: a strip for each part, the worse the higher, what nobody knows hatched; and the same as a
//! table.

use std::time::Duration;

use domain::health::{HealthStatus, Wanted};
use domain::timestamp::Timestamp;
use domain::wire::{HealthSpan, HealthTimeline, HealthTrack};
use leptos::prelude::*;

use super::disclosure::Disclosure;
use super::status_badge::{Look, StatusBadge, Tone};
use super::table_list::TableList;
use super::time::{RelativeTime, humane};
use crate::pictures::markup::{bar, percent, upright};
use crate::pictures::scale::{Scale, millis};

/// Marks between the beginning and now.
const QUARTERS: [u32; 3] = [2_500, 5_000, 7_500];

/// The strips and their table.
#[component]
pub fn HealthStrips(timeline: HealthTimeline) -> impl IntoView {
    let length = timeline.until_utc.since(timeline.from_utc);
    let scale = Scale::new(timeline.from_utc, millis(length));
    let rows = timeline
        .tracks
        .iter()
        .map(|track| view! { <Strip track=track.clone() scale /> })
        .collect_view();
    let first = ago(length);
    let middle = ago(length / 2);
    view! {
        <div class="health-strips">
            <ol>{rows}</ol>
            <div class="health-strip health-strip--axis soft small" aria-hidden="true">
                <span class="health-strip__axis">
                    <span>{first}</span>
                    <span>{middle}</span>
                    <span>"now"</span>
                </span>
            </div>
            <AsTable tracks=timeline.tracks />
        </div>
    }
}

/// `24 h ago`, `7 days ago`.
fn ago(length: Duration) -> String {
    let hours = length.as_secs() / 3600;
    match hours {
        0 => format!("{} ago", humane(length)),
        hours if hours % 24 == 0 && hours > 24 => format!("{} days ago", hours / 24),
        84 => "3½ days ago".to_owned(),
        hours => format!("{hours} h ago"),
    }
}

#[component]
fn Strip(track: HealthTrack, scale: Scale) -> impl IntoView {
    let label = format!("{}: {}", track.name, spoken(&track.spans));
    let mut drawing = String::new();
    for at in QUARTERS {
        upright(&mut drawing, "timeline__tick", at);
    }
    for span in &track.spans {
        draw(&mut drawing, span, scale);
    }
    let now = track.spans.last().map(|span| {
        let look = look(span);
        view! { <StatusBadge look bare=true /> }
    });
    let class = match (track.stack_name.is_some(), track.service_name.is_some()) {
        (_, true) => "health-strip health-strip--part",
        (true, _) => "health-strip",
        (false, false) => "health-strip health-strip--whole",
    };
    view! {
        <li class=class>
            <span class="health-strip__name">{track.name}</span>
            <svg class="health-strip__track" role="img" aria-label=label inner_html=drawing></svg>
            <span class="health-strip__now">{now}</span>
        </li>
    }
}

/// While it was being changed nothing was an alarm.
fn look(span: &HealthSpan) -> Look {
    Look::of_health(span.status, Wanted::Running, span.operation_active)
}

/// The worse the higher, so that the form says what the colour says.
fn draw(out: &mut String, span: &HealthSpan, scale: Scale) {
    let place = scale.between(span.from_utc, span.until_utc);
    if span.status == HealthStatus::Unknown {
        let (from, width) = place;
        out.push_str(&format!(
            r#"<line class="health-strip__unknown" x1="{}" x2="{}" y1="10" y2="10"/>"#,
            percent(from),
            percent((from + width).min(10_000))
        ));
        return;
    }
    let tone = look(span).tone;
    let height = match tone {
        Tone::Bad => ("0", "20"),
        Tone::Warn | Tone::Busy => ("5", "15"),
        _ => ("12", "8"),
    };
    bar(
        out,
        &format!("health-strip__span {}", tone.class()),
        place,
        height,
    );
}

/// `Healthy for 23h 50m, Unhealthy for 10m 00s`: what it was, the longest first.
fn spoken(spans: &[HealthSpan]) -> String {
    let mut times: Vec<(HealthStatus, Duration)> = Vec::new();
    for span in spans {
        let length = span.until_utc.since(span.from_utc);
        match times.iter_mut().find(|(status, _)| *status == span.status) {
            Some((_, all)) => *all += length,
            None => times.push((span.status, length)),
        }
    }
    times.sort_by_key(|(_, length)| std::cmp::Reverse(*length));
    let each = times
        .into_iter()
        .map(|(status, length)| format!("{} for {}", Look::from(status).word, humane(length)));
    each.collect::<Vec<_>>().join(", ")
}

#[component]
fn AsTable(tracks: Vec<HealthTrack>) -> impl IntoView {
    let rows = tracks
        .into_iter()
        .flat_map(|track| {
            // The newest is what people look for.
            let spans = track.spans.into_iter().rev();
            let name = track.name;
            spans
                .map(|span| view! { <TableRow name=name.clone() span /> })
                .collect::<Vec<_>>()
        })
        .collect_view();
    view! {
        <Disclosure summary=|| view! { <span>"As a table"</span> }>
            <TableList
                caption="How health was, the newest first for each part"
                columns=vec!["What", "Health", "From", "For", "Why"]
            >
                {rows}
            </TableList>
        </Disclosure>
    }
}

#[component]
fn TableRow(name: String, span: HealthSpan) -> impl IntoView {
    let from: Timestamp = span.from_utc;
    let length = humane(span.until_utc.since(from));
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td data-label="Health">
                <StatusBadge look=look(&span) bare=true />
            </td>
            <td data-label="From">
                <RelativeTime at=from />
            </td>
            <td data-label="For" class="number">
                {length}
            </td>
            <td data-label="Why">{span.reason}</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_says_what_it_shows() {
        let span = |from, until, status| HealthSpan {
            from_utc: Timestamp::from_millis(from),
            until_utc: Timestamp::from_millis(until),
            status,
            reason: String::new(),
            operation_active: false,
        };
        let spans = [
            span(0, 10_000, HealthStatus::Unknown),
            span(10_000, 70_000, HealthStatus::Healthy),
            span(70_000, 75_000, HealthStatus::Unhealthy),
            span(75_000, 80_000, HealthStatus::Healthy),
        ];
        assert_eq!(
            spoken(&spans),
            "Healthy for 1m 05s, Unknown for 10s, Unhealthy for 5s"
        );
    }

    #[test]
    fn the_beginning_is_named_in_round_words() {
        let hours = |hours: u64| ago(Duration::from_secs(hours * 3600));
        assert_eq!(hours(24), "24 h ago");
        assert_eq!(hours(168), "7 days ago");
        assert_eq!(hours(84), "3½ days ago");
        assert_eq!(hours(12), "12 h ago");
    }
}
