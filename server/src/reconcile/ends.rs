//! How often containers ended of late: a crash loop looks well between two ends.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use domain::health::CRASH_LOOP_ENDS;
use tokio::time::Instant;

/// How far back ends count.
const OF_LATE: Duration = Duration::from_secs(60);
/// Ends of one container that are remembered: more say nothing more.
const MOST: usize = CRASH_LOOP_ENDS as usize;
/// Containers whose ends are remembered; beyond, the oldest knowledge is as good as none.
const MOST_CONTAINERS: usize = 10_000;

/// Ends by container name.
#[derive(Debug, Default)]
pub(super) struct Ends(HashMap<String, VecDeque<Instant>>);

impl Ends {
    pub(super) fn add(&mut self, container: String, now: Instant) {
        if self.0.len() >= MOST_CONTAINERS && !self.0.contains_key(&container) {
            return;
        }
        let ends = self.0.entry(container).or_default();
        ends.push_back(now);
        if ends.len() > MOST {
            ends.pop_front();
        }
    }

    /// How often each ended of late; what was longer ago is forgotten.
    pub(super) fn counts(&mut self, now: Instant) -> HashMap<String, u32> {
        self.0.retain(|_, ends| {
            ends.retain(|end| now.duration_since(*end) < OF_LATE);
            !ends.is_empty()
        });
        self.0
            .iter()
            .map(|(name, ends)| (name.clone(), u32::try_from(ends.len()).unwrap_or(u32::MAX)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn ends_are_counted_for_a_while() {
        let mut ends = Ends::default();
        for _ in 0..MOST + 5 {
            ends.add("shop_app".to_owned(), Instant::now());
        }
        let count = |ends: &mut Ends| ends.counts(Instant::now()).get("shop_app").copied();
        assert_eq!(count(&mut ends), Some(CRASH_LOOP_ENDS));
        tokio::time::advance(OF_LATE).await;
        assert_eq!(count(&mut ends), None);
        assert!(ends.0.is_empty());
    }
}
