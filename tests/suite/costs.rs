//! What the laws cost each control, in processor seconds: so that a hundred controls are no surprise.

use std::collections::BTreeMap;

use remedy_testkit::laws::costs::recorded;

/// It runs when all others have ended, and its output is shown (.config/nextest.toml).
#[test]
fn the_laws_cost_each_control() {
    let Some(costs) = recorded().expect("the record can be read") else {
        println!("nothing was recorded: `make test` does");
        return;
    };
    let (mut of_controls, mut of_laws) = (BTreeMap::<_, f64>::new(), BTreeMap::<_, f64>::new());
    for cost in &costs {
        *of_controls.entry(cost.control.as_str()).or_default() += cost.seconds;
        *of_laws.entry(format!("{} in {}", cost.law, cost.test)).or_default() += cost.seconds;
    }
    println!("processor seconds of the laws, without those of the emulator and of binaries");
    for (control, seconds) in &of_controls {
        println!("{control:<34}{seconds:>8.1}");
    }
    let mut dearest: Vec<_> = of_laws.into_iter().collect();
    dearest.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let dearest: Vec<_> = dearest.iter().take(3).map(|(law, seconds)| format!("{law} {seconds:.1}")).collect();
    let (sum, count) = (of_controls.values().sum::<f64>(), of_controls.len());
    let mean = sum / f64::from(u32::try_from(count.max(1)).expect("few controls"));
    println!("laws: {sum:.1} processor seconds for {count} controls, {mean:.1} each; most for {}", dearest.join(", "));
}
