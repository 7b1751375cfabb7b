//! The statistics of the report: pure functions over numbers, each with its published source. All intervals are of 95 %.

mod control_chart;
mod mean;
mod normal;
mod proportion;
mod score;
mod survival;

pub use control_chart::{XMR_MINIMUM, xmr_limits};
pub use mean::{Sample, difference_of_means, ratio_of_sums};
pub use normal::{normal_quantile, simultaneous};
pub use proportion::{newcombe, newcombe_at, wilson};
pub use score::{NetScore, difference_of_net_scores, net_score};
pub use survival::{CurvePoint, KaplanMeier, Waiting};

/// Two-sided 95 % quantile of the normal distribution.
pub const Z: f64 = 1.959_963_984_540_054;
