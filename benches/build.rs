//! Tells the program which compiler, and with it which std, it is built with.

use std::env;
use std::process::Command;

fn main() {
    let rustc = env::var_os("RUSTC").expect("cargo says which compiler it uses");
    let output = Command::new(rustc).arg("--version").output().expect("the compiler runs");
    let version = String::from_utf8(output.stdout).expect("its version is text");
    println!("cargo::rustc-env=LATCHWORK_RUSTC={}", version.trim());
    println!("cargo::rerun-if-changed=build.rs");
}
