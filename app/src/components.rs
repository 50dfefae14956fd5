//! The pieces that pages are made of. Each file has a style sheet of the same name in `style/`.
//!
//! They show what they are given and know no rules; nothing here fetches anything.

pub mod button;
pub mod bytes;
pub mod card;
pub mod copy_button;
pub mod disclosure;
pub mod empty_state;
pub mod field;
pub mod health_badge;
pub mod icon;
pub mod live_mark;
pub mod log_viewer;
pub mod page_header;
pub mod paging;
pub mod plan;
pub mod problem_notice;
pub mod progress_bar;
pub mod prose;
pub mod skeleton;
pub mod status_badge;
pub mod table_list;
pub mod tag;
pub mod terminal;
pub mod time;
pub mod variable_input;

pub use button::{Button, ButtonKind, LinkButton};
pub use bytes::bytes;
pub use card::{Card, Fact, Facts};
pub use copy_button::{CopyButton, Copyable};
pub use disclosure::Disclosure;
pub use empty_state::EmptyState;
pub use field::Field;
pub use health_badge::{HealthBadge, HealthReason, Seen};
pub use icon::{Glyph, Icon};
pub use live_mark::{FreshMark, LiveMark};
pub use log_viewer::LogViewer;
pub use page_header::{Crumb, PageHeader, SectionTitle};
pub use paging::{Paging, Place};
pub use plan::Plan;
pub use problem_notice::{Notice, ProblemNotice};
pub use progress_bar::{OverallBar, ProgressBar};
pub use prose::Prose;
pub use skeleton::Skeleton;
pub use status_badge::{Look, StatusBadge, Tone};
pub use table_list::TableList;
pub use tag::Tags;
pub use terminal::{Output, Terminal};
pub use time::{Elapsed, RelativeTime};
pub use variable_input::{Held, VariableInput};
