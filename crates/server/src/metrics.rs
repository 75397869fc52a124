//! Figures for Prometheus, `ringfence_*`: read from where they are counted when somebody asks. No number, address,
//! tenant or name of a trunk is a label.

use crate::control::Fault;
use crate::running::Running;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

mod gather;

/// One family: its name without `ringfence_`, what it is, and its samples.
#[derive(Debug)]
struct Family {
    name: String,
    help: &'static str,
    sort: Sort,
    samples: Vec<(Labels, u64)>,
}

type Labels = Vec<(&'static str, String)>;

#[derive(Clone, Copy, Debug)]
enum Sort {
    Counter,
    Gauge,
}

/// All figures as text (OpenMetrics 1.0, which Prometheus reads).
///
/// # Errors
/// When a shard does not answer.
pub(crate) async fn text(running: &Running) -> Result<String, Fault> {
    let families = gather::families(running).await?;
    encode(&families).map_err(|error| Fault::new(error.to_string(), "report it"))
}

fn encode(families: &[Family]) -> Result<String, fmt::Error> {
    let mut registry = prometheus_client::registry::Registry::with_prefix("ringfence");
    registry.register_collector(Box::new(Collected(families.iter().map(Family::copy).collect())));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Collected(Vec<Family>);

impl prometheus_client::collector::Collector for Collected {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for family in &self.0 {
            let sort = match family.sort {
                Sort::Counter => MetricType::Counter,
                Sort::Gauge => MetricType::Gauge,
            };
            let mut metrics = encoder.encode_descriptor(&family.name, family.help, None, sort)?;
            if let [(labels, value)] = family.samples.as_slice()
                && labels.is_empty()
            {
                family.sample(*value, metrics)?;
                continue;
            }
            for (labels, value) in &family.samples {
                family.sample(*value, metrics.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}

impl Family {
    fn sample(&self, value: u64, to: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        match self.sort {
            Sort::Counter => ConstCounter::new(value).encode(to),
            Sort::Gauge => ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(to),
        }
    }

    fn copy(&self) -> Self {
        Self {
            name: self.name.clone(),
            help: self.help,
            sort: self.sort,
            samples: self.samples.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let families = [
            Family {
                name: "verdicts".into(),
                help: "Answers",
                sort: Sort::Counter,
                samples: vec![
                    (vec![("action", "allow".into())], 3),
                    (vec![("action", "reject".into())], 1),
                ],
            },
            Family {
                name: "calls_active".into(),
                help: "Calls",
                sort: Sort::Gauge,
                samples: vec![(vec![], 7)],
            },
        ];
        let text = encode(&families).unwrap();
        let expected = "# HELP ringfence_verdicts Answers\n# TYPE ringfence_verdicts counter\n\
            ringfence_verdicts_total{action=\"allow\"} 3\nringfence_verdicts_total{action=\"reject\"} 1\n\
            # HELP ringfence_calls_active Calls\n# TYPE ringfence_calls_active gauge\n\
            ringfence_calls_active 7\n# EOF\n";
        assert_eq!(text, expected);
    }
}
