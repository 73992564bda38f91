//! What the documents link to exists: files of this workspace, and headings in them.

use std::fs;
use std::path::{Path, PathBuf};

/// The documents: at the root of the workspace, and in the directories below it.
fn documents() -> Vec<PathBuf> {
    let mut documents = Vec::new();
    for directory in [root()].into_iter().chain(entries(&root()).into_iter().filter(|path| path.is_dir())) {
        documents
            .extend(entries(&directory).into_iter().filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    documents
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory)
        .expect("it is a directory")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.file_name().is_some_and(|name| name != "target"))
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the workspace").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines that are not code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Where the links go that are not addresses of the web.
fn links(text: &str) -> Vec<String> {
    // A link may be broken over two lines.
    let text = prose(text).collect::<Vec<_>>().join(" ");
    // What stands between backticks is code.
    let text: String = text.split('`').step_by(2).collect();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned());
    targets.filter(|target| !target.contains("://")).collect()
}

/// The names by which a page of a repository links to its headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
        })
        .collect()
}

/// What is wrong with a link of this document, if anything is.
fn fault(document: &Path, link: &str) -> Option<String> {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = match file {
        "" => document.to_owned(),
        file => document.parent().expect("it is in a directory").join(file),
    };
    if !target.exists() {
        return Some(format!("{}: there is no {link}", document.display()));
    }
    let anchor = anchor.filter(|anchor| !anchors(&read(&target)).contains(&(*anchor).to_owned()))?;
    Some(format!("{}: {} has no heading {anchor}", document.display(), target.display()))
}

#[test]
fn whatever_a_document_links_to_exists() {
    let (mut count, mut faults) = (0, Vec::new());
    for document in documents() {
        for link in links(&read(&document)) {
            faults.extend(fault(&document, &link));
            count += 1;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 30, "the documents have {count} links");
}

#[test]
fn links_are_told_from_code_and_found_across_lines() {
    let text = "[a](b.md) `[c](d.md)` [e\nf](g.md#h) [i](https://j)\n```\n[k](l.md)\n```\n[m](#n)";
    assert_eq!(links(text), ["b.md", "g.md#h", "#n"]);
    assert_eq!(anchors("# What `it` is, and how\n```\n# no\n```\n## From std"), ["what-it-is-and-how", "from-std"]);
}
