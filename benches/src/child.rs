//! One measurement in a process of its own, so that a contender that hangs, or is broken, ends that process only.

use std::env;
use std::process::{Command, ExitCode, Output};

use latchwork_benches::cell::Order;
use latchwork_benches::measure::Slice;

/// Makes the measurement in a new process. A watchdog ends it where it takes longer than it may.
///
/// # Errors
///
/// What the process has died of.
pub(crate) fn measure(order: &Order) -> Result<Slice, String> {
    let order = serde_json::to_string(order).map_err(|error| error.to_string())?;
    let program = env::current_exe().map_err(|error| format!("this program is not found: {error}"))?;
    let output = Command::new(program).args(["carry-out", &order]).output();
    let output = output.map_err(|error| format!("cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(reason(&output));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("gave no measurement: {error}"))
}

/// What the watchdog or the first panic said.
fn reason(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let watchdog = text.lines().find(|line| line.starts_with("watchdog:"));
    let panic = || text.lines().skip_while(|line| !line.contains("panicked at")).nth(1);
    watchdog.or_else(panic).or_else(|| text.lines().last()).map_or_else(|| output.status.to_string(), str::to_owned)
}

/// What that process does.
pub(crate) fn carry_out(order: &str) -> ExitCode {
    // It takes a new process longer than a slice, once it has threads.
    latchwork_mutex::prepare();
    let order = serde_json::from_str(order).map_err(|error| format!("this is no order: {error}"));
    let slice = order.and_then(|order: Order| order.carry_out());
    match slice.and_then(|slice| serde_json::to_string(&slice).map_err(|error| error.to_string())) {
        Ok(slice) => {
            println!("{slice}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
