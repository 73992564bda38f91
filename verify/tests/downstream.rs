//! Programs outside of the workspace, each of which depends on one of the crates alone, with some of its features: they build.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// One way to depend on a crate.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Dependency {
    package: String,
    folder: String,
    has_defaults: bool,
    features: Vec<String>,
}

impl Dependency {
    /// Every way to depend on a package: as it is, with each of its features, and with all; and the same without those that it
    /// has by default.
    fn of(package: &Value) -> BTreeSet<Self> {
        let declared = package["features"].as_object().expect("a package has features");
        let features: Vec<_> = declared.keys().filter(|feature| *feature != "default").cloned().collect();
        let with_defaults: &[bool] = if declared.contains_key("default") { &[true, false] } else { &[true] };
        let mut choices: Vec<_> = features.iter().map(|feature| vec![feature.clone()]).collect();
        choices.extend([Vec::new(), features]);
        let folder = Path::new(text(&package["manifest_path"])).parent().expect("a manifest is in a folder");
        let one = |has_defaults, features: &Vec<String>| Self {
            package: text(&package["name"]).to_owned(),
            folder: folder.display().to_string(),
            has_defaults,
            features: features.clone(),
        };
        let all = with_defaults.iter().flat_map(|defaults| choices.iter().map(|features| one(*defaults, features)));
        all.collect()
    }

    /// What the program is called.
    fn name(&self) -> String {
        let mut name = format!("with-{}", self.package);
        if !self.has_defaults {
            name.push_str("-bare");
        }
        self.features.iter().for_each(|feature| write!(name, "-{feature}").expect("text can be written to"));
        name
    }

    fn manifest(&self) -> String {
        let Self { package, folder, has_defaults, features } = self;
        format!(
            "[package]\nname = {:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             {package} = {{ path = {folder:?}, default-features = {has_defaults}, features = {features:?} }}\n",
            self.name()
        )
    }

    fn source(&self) -> String {
        format!("#![no_std]\n\npub use {}::*;\n", self.package.replace('-', "_"))
    }
}

#[test]
#[ignore = "compiles each crate several times: `cargo verify downstream`"]
fn each_crate_alone_builds_with_each_of_its_features() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in a folder of the workspace");
    let programs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("downstream");
    let dependencies = published(root);
    assert!(dependencies.len() >= 6, "{dependencies:?}");
    write(&programs, root, &dependencies);
    let refused: Vec<_> = dependencies.iter().filter(|dependency| !builds(&programs, dependency)).collect();
    assert!(refused.is_empty(), "these do not build: {refused:#?}");
}

/// Every way to depend on a crate that is published.
fn published(root: &Path) -> BTreeSet<Dependency> {
    let metadata = cargo(root).args(["metadata", "--no-deps", "--format-version", "1"]).output().expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    packages.iter().filter(|package| package["publish"].is_null()).flat_map(Dependency::of).collect()
}

/// Writes the programs, as a workspace: what they need is compiled once, and each is built by itself.
fn write(programs: &Path, root: &Path, dependencies: &BTreeSet<Dependency>) {
    let names: Vec<_> = dependencies.iter().map(Dependency::name).collect();
    let workspace = format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n");
    put(&programs.join("Cargo.toml"), &workspace);
    // Other packages are taken in the versions that the workspace has, which have been downloaded.
    let versions = fs::read_to_string(root.join("Cargo.lock")).expect("the workspace has its versions");
    put(&programs.join("Cargo.lock"), &versions);
    for dependency in dependencies {
        let folder = programs.join(dependency.name());
        put(&folder.join("Cargo.toml"), &dependency.manifest());
        put(&folder.join("src/lib.rs"), &dependency.source());
    }
}

fn builds(programs: &Path, dependency: &Dependency) -> bool {
    let mut command = cargo(programs);
    command.args(["check", "--quiet", "--offline", "--package", &dependency.name()]);
    command.args(["--config", "build.rustflags=['-Dwarnings']"]);
    command.env("CARGO_TARGET_DIR", programs.join("target"));
    command.status().expect("cargo runs").success()
}

fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(folder);
    command
}

/// Writes a file, and the folders that it is in.
fn put(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("folders can be made");
    fs::write(path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn text(value: &Value) -> &str {
    value.as_str().expect("it is text")
}
