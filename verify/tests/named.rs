//! What the documents name exists: the tests in `REGRESSIONS.md`, the models in the tables of the crates' readmes, and the one that
//! `MODELS.md` explains.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item};

/// The crates that have tests to be named.
const CRATES: [&str; 6] = ["core", "monitor", "mutex", "rwlock", "semaphore", "spinlock"];

/// The functions that are tests, each with its crate and its modules: `mutex::models::cancel::a_name`.
#[derive(Default)]
struct Tests(BTreeSet<String>);

impl Tests {
    fn of_all_crates() -> Self {
        let mut tests = Self::default();
        for package in CRATES {
            for directory in ["src", "tests"].map(|directory| root().join(package).join(directory)) {
                if directory.exists() {
                    tests.add_directory(&directory, package);
                }
            }
        }
        tests
    }

    fn add_directory(&mut self, directory: &Path, modules: &str) {
        for entry in fs::read_dir(directory).expect("it is a directory") {
            let path = entry.expect("it can be listed").path();
            let stem = path.file_stem().expect("it has a name").to_str().expect("its name is text");
            let inner = match stem {
                // These stand for the module that they are in.
                "lib" | "main" | "mod" => modules.to_owned(),
                _ => format!("{modules}::{stem}"),
            };
            if path.is_dir() {
                self.add_directory(&path, &inner);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let tree = syn::parse_file(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                self.add_items(&tree.items, &inner);
            }
        }
    }

    fn add_items(&mut self, items: &[Item], modules: &str) {
        for item in items {
            match item {
                Item::Fn(function) if function.attrs.iter().any(is_test) => {
                    self.0.insert(format!("{modules}::{}", function.sig.ident));
                }
                Item::Mod(module) => {
                    let items = module.content.as_ref().map_or(&[][..], |(_, items)| items);
                    self.add_items(items, &format!("{modules}::{}", module.ident));
                }
                _ => {}
            }
        }
    }

    /// Whether a module of this crate, whose path contains `within`, has the test.
    fn has(&self, package: &str, within: &str, test: &str) -> bool {
        self.0
            .iter()
            .filter_map(|path| path.strip_prefix(package))
            .any(|path| path.contains(within) && path.ends_with(&format!("::{test}")))
    }
}

fn is_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("test")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the workspace").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands between backticks in the tables.
fn quoted(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_test_that_the_regressions_name_exists() {
    let (text, tests) = (read(&root().join("REGRESSIONS.md")), Tests::of_all_crates());
    let mut count = 0;
    for name in quoted(&text) {
        if let Some((package, test)) = name.split_once("::").filter(|(package, _)| CRATES.contains(package)) {
            assert!(tests.has(package, "", test), "REGRESSIONS.md names `{name}`");
            count += 1;
        } else if name.contains('/') {
            assert!(root().join(name).exists(), "REGRESSIONS.md names `{name}`");
        }
    }
    assert!(count > 100, "it names {count} tests");
}

#[test]
fn every_model_that_a_readme_names_exists() {
    let tests = Tests::of_all_crates();
    // The ground floor's readme has no table.
    for package in CRATES.into_iter().filter(|package| *package != "core") {
        let text = read(&root().join(package).join("README.md"));
        let models: Vec<_> = quoted(&text).into_iter().filter(|name| name.contains('_')).collect();
        assert!(models.len() > 20, "{package}/README.md names {} models", models.len());
        for model in models {
            assert!(tests.has(package, "::models::", model), "{package}/README.md names `{model}`");
        }
    }
}

#[test]
fn the_model_that_is_explained_exists() {
    let (text, tests) = (read(&root().join("MODELS.md")), Tests::of_all_crates());
    let (_, rest) = text.split_once("#[test]\nfn ").expect("it shows a model");
    let (name, _) = rest.split_once('(').expect("a function has parameters");
    assert!(tests.has("spinlock", "::models::spin", name), "MODELS.md explains `{name}`");
    assert!(text.contains(&format!("models::spin::{name}: ")), "MODELS.md shows the output of another model");
}
