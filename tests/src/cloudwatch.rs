//! Amazon CloudWatch, as far as the alarms of the template need it: data points, periods, statistics, missing data.
//!
//! Source: Amazon CloudWatch User Guide, "Evaluating an alarm" and "Embedded metric format specification".

use std::collections::BTreeMap;

use serde_json::Value;

/// What an alarm says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is wrong.
    Ok,
    /// Somebody is notified.
    Alarm,
}

type Dimensions = BTreeMap<String, String>;

#[derive(Debug)]
struct Point {
    namespace: String,
    metric: String,
    dimensions: Dimensions,
    /// Seconds since 1970.
    at: i64,
    value: f64,
}

/// All data points of an account and Region.
#[derive(Debug, Default)]
pub struct CloudWatch(Vec<Point>);

impl CloudWatch {
    /// Takes a data point of a metric (`namespace metric`), at this many seconds since 1970.
    pub fn put(&mut self, (namespace, metric): (&str, &str), dimension: (&str, &str), at: i64, value: f64) {
        self.0.push(Point {
            namespace: namespace.to_owned(),
            metric: metric.to_owned(),
            dimensions: [(dimension.0.to_owned(), dimension.1.to_owned())].into(),
            at,
            value,
        });
    }

    /// Takes the metrics that a function's log has embedded.
    pub fn read(&mut self, logs: &str) {
        for line in logs.lines().filter(|line| line.contains("\"_aws\"")) {
            let line: Value = serde_json::from_str(line).expect("a line of embedded metrics is JSON");
            let at = line["_aws"]["Timestamp"].as_i64().expect("milliseconds") / 1000;
            for directive in list(&line["_aws"]["CloudWatchMetrics"]) {
                for (set, metric) in list(&directive["Dimensions"])
                    .iter()
                    .flat_map(|set| list(&directive["Metrics"]).iter().map(move |one| (set, one)))
                {
                    let named = list(set).iter().map(text);
                    self.0.push(Point {
                        namespace: text(&directive["Namespace"]),
                        metric: text(&metric["Name"]),
                        dimensions: named.map(|name| (name.clone(), text(&line[&name]))).collect(),
                        at,
                        value: line[text(&metric["Name"])].as_f64().expect("a number"),
                    });
                }
            }
        }
    }

    /// What an alarm (the properties of an `AWS::CloudWatch::Alarm`) says at this time: `Alarm`, if every period that is
    /// looked at breaches. The period that runs counts.
    pub fn state(&self, alarm: &Value, at: i64) -> State {
        let several = series(alarm);
        let period = number(several.first().map_or(&alarm["Period"], |one| &one["Period"]));
        let periods = number(&alarm["EvaluationPeriods"]);
        let running = at.div_euclid(period);
        let breaches =
            (0..periods).all(|back| self.breaches(alarm, (running - back) * period..(running - back + 1) * period));
        if breaches { State::Alarm } else { State::Ok }
    }

    /// Whether an alarm has said so at the time of any data point.
    pub fn has_fired(&self, alarm: &Value) -> bool {
        self.0.iter().any(|point| self.state(alarm, point.at) == State::Alarm)
    }

    fn breaches(&self, alarm: &Value, period: std::ops::Range<i64>) -> bool {
        let several = series(alarm);
        let found = if several.is_empty() {
            self.value(alarm, &alarm["Statistic"], &period)
        } else {
            // A series without a data point in the period is filled with 0.
            let filled = several.iter().map(|one| self.value(&one["Metric"], &one["Stat"], &period).unwrap_or(0.0));
            Some(match expression(alarm) {
                "SUM(FILL(METRICS(), 0))" => filled.sum(),
                "MAX(FILL(METRICS(), 0))" => filled.fold(f64::MIN, f64::max),
                other => panic!("the expression {other}: say what that means here"),
            })
        };
        let Some(value) = found else {
            return match alarm["TreatMissingData"].as_str() {
                Some("breaching") => true,
                Some("notBreaching") => false,
                other => panic!("missing data is {other:?}: say what that means here"),
            };
        };
        assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold", "say what that means here");
        value > alarm["Threshold"].as_f64().expect("a threshold")
    }

    /// The statistic of a metric over a period; none without data.
    fn value(&self, metric: &Value, statistic: &Value, period: &std::ops::Range<i64>) -> Option<f64> {
        let named = list(&metric["Dimensions"]).iter();
        let dimensions: Dimensions = named.map(|one| (text(&one["Name"]), text(&one["Value"]))).collect();
        let is_meant = |point: &&Point| {
            (point.namespace.as_str(), point.metric.as_str())
                == (&text(&metric["Namespace"]), &text(&metric["MetricName"]))
                && point.dimensions == dimensions
                && period.contains(&point.at)
        };
        let values = self.0.iter().filter(is_meant).map(|point| point.value);
        match statistic.as_str() {
            Some("Sum") => values.reduce(|sum, value| sum + value),
            Some("Maximum") => values.reduce(f64::max),
            other => panic!("the statistic {other:?}: say what that means here"),
        }
    }
}

/// The metrics of an alarm on a metric math expression; none of an alarm on one metric.
fn series(alarm: &Value) -> Vec<&Value> {
    list(&alarm["Metrics"]).iter().filter_map(|one| one.get("MetricStat")).collect()
}

/// What is watched of them.
fn expression(alarm: &Value) -> &str {
    let mut returned = list(&alarm["Metrics"]).iter().filter(|one| one["ReturnData"] == true);
    returned.next().and_then(|one| one["Expression"].as_str()).expect("one expression is what the alarm watches")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a whole number")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alarm(periods: i64, missing: &str) -> Value {
        json!({
            "Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "f", "Value": "x"}], "Statistic": "Sum",
            "Period": 60, "EvaluationPeriods": periods, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": missing,
        })
    }

    #[test]
    fn an_alarm_sums_what_fell_into_its_period_and_has_its_dimensions() {
        let mut metrics = CloudWatch::default();
        metrics.put(("N", "M"), ("f", "x"), 119, 9.0);
        metrics.put(("N", "M"), ("f", "y"), 130, 9.0);
        metrics.put(("N", "M"), ("f", "x"), 121, 1.0);
        assert_eq!(metrics.state(&alarm(1, "notBreaching"), 150), State::Ok, "1 is not more than 1");
        metrics.put(("N", "M"), ("f", "x"), 179, 1.0);
        assert_eq!(metrics.state(&alarm(1, "notBreaching"), 150), State::Alarm);
        assert_eq!(metrics.state(&alarm(2, "notBreaching"), 150), State::Alarm, "9, and 2");
        assert_eq!(metrics.state(&alarm(3, "notBreaching"), 150), State::Ok, "before, there was nothing");
        assert_eq!(metrics.state(&alarm(3, "breaching"), 150), State::Alarm);
        assert_eq!(metrics.state(&alarm(1, "notBreaching"), 180), State::Ok, "it is over");
        assert!(metrics.has_fired(&alarm(1, "notBreaching")) && !metrics.has_fired(&alarm(4, "notBreaching")));
    }

    #[test]
    fn an_alarm_on_several_metrics_watches_what_its_expression_makes_of_them() {
        let series = |name: &str| {
            json!({"Id": name, "ReturnData": false, "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {
                "Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "f", "Value": name}]}}})
        };
        let alarm = |how: &str| {
            json!({
                "Metrics": [{"Id": "all", "Expression": format!("{how}(FILL(METRICS(), 0))"), "ReturnData": true}, series("x"), series("y")],
                "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
            })
        };
        let mut metrics = CloudWatch::default();
        assert_eq!(metrics.state(&alarm("SUM"), 150), State::Ok, "nothing ran");
        metrics.put(("N", "M"), ("f", "x"), 121, 1.0);
        metrics.put(("N", "M"), ("f", "z"), 121, 9.0);
        assert_eq!(metrics.state(&alarm("SUM"), 150), State::Ok, "z is not among them");
        metrics.put(("N", "M"), ("f", "y"), 130, 1.0);
        assert_eq!((metrics.state(&alarm("SUM"), 150), metrics.state(&alarm("MAX"), 150)), (State::Alarm, State::Ok));
        metrics.put(("N", "M"), ("f", "y"), 131, 1.0);
        assert_eq!((metrics.state(&alarm("MAX"), 150), metrics.state(&alarm("MAX"), 180)), (State::Alarm, State::Ok));
    }
}
