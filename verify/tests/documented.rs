//! What the documents of the crates promise to have: an example of each public method, and the sections of each primitive.
//!
//! It reads lines, and not the syntax tree: most methods stand in macros.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates that others depend on.
const CRATES: [&str; 5] = ["monitor", "mutex", "rwlock", "semaphore", "spinlock"];

/// The primitives, and whether tasks wait for them.
const PRIMITIVES: [(&str, bool); 11] = [
    ("Condition", true),
    ("Condvar", true),
    ("Monitor", true),
    ("Mutex", true),
    ("ReentrantLock", true),
    ("RwLock", true),
    ("BoundedSemaphore", true),
    ("Semaphore", true),
    ("RwSpinLock", true),
    ("SpinLock", true),
    ("TicketLock", false),
];

/// The sources of the crates, but for models, and for what is not part of the interface.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the workspace");
    let mut sources = Vec::new();
    let mut directories: Vec<_> = CRATES.map(|package| root.join(package).join("src")).into();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("it is a directory") {
            let path = entry.expect("it can be listed").path();
            match path.file_stem().and_then(|stem| stem.to_str()) {
                Some("models" | "internal" | "raw") => {}
                _ if path.is_dir() => directories.push(path),
                _ => sources.push((path.clone(), fs::read_to_string(&path).expect("it can be read"))),
            }
        }
    }
    sources
}

/// The documents of the item in this line: what stands above it, up to the first line that is no document and no attribute.
fn documents(lines: &[&str], item: usize) -> String {
    let above = lines[..item].iter().rev().map(|line| line.trim());
    let mut lines: Vec<_> = above.take_while(|line| line.starts_with("///") || line.starts_with("#[")).collect();
    lines.reverse();
    lines.join("\n")
}

/// The name of the public item that this line begins, if it begins one of this kind.
fn name<'a>(line: &'a str, kinds: &[&str]) -> Option<&'a str> {
    let line = line.trim().strip_prefix("pub ")?;
    let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    rest.split(|letter: char| !letter.is_alphanumeric() && !"_$".contains(letter)).next()
}

#[test]
fn every_public_method_has_an_example() {
    let (mut count, mut faults) = (0, Vec::new());
    for (path, text) in sources() {
        let lines: Vec<_> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let Some(name) = name(line, &["fn ", "const fn ", "unsafe fn "]) else { continue };
            let documents = documents(&lines, number);
            if !documents.contains("```") && !documents.contains("#[doc(hidden)]") {
                faults.push(format!("{}: `{name}` has no example", path.display()));
            }
            count += 1;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 150, "the crates have {count} methods");
}

#[test]
fn every_primitive_has_its_sections() {
    let mut found = Vec::new();
    for (path, text) in sources() {
        let lines: Vec<_> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let Some(name) = name(line, &["struct "]) else { continue };
            let Some((_, is_async)) = PRIMITIVES.iter().find(|(primitive, _)| *primitive == name) else { continue };
            // Remarks that are no documents stand between them and the type.
            let first =
                lines[..number].iter().rposition(|line| !line.trim().starts_with("//") && !line.starts_with("#["));
            let documents = lines[first.map_or(0, |first| first + 1)..number].join("\n");
            for section in ["Fairness", "Cancel safety", "Deadlocks", "Memory ordering", "Size", "Examples"] {
                let has = documents.contains(&format!("/// # {section}\n"));
                assert!(has || section == "Cancel safety" && !is_async, "{}: {name} has no {section}", path.display());
            }
            found.push(name.to_owned());
        }
    }
    assert_eq!(found.len(), PRIMITIVES.len(), "{found:?}");
}
