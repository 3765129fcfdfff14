//! Files use each other in one direction: no file uses a file that uses it, directly or indirectly.
//!
//! A file uses another if its code, apart from unit tests, names an item that the other defines; a re-export
//! is followed to the file that defines the item. Declaring a module, or re-exporting from it (`mod child;
//! pub use child::Thing;`), is not a use. So a parent may define what its children use, if its own code names
//! nothing of theirs. Methods are not considered.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::imports::{Source, sources, sources_below};

#[test]
fn files_use_each_other_in_one_direction() {
    assert_eq!(Uses::between(&sources()).circles(), [""; 0]);
}

#[test]
fn files_of_a_crate_use_each_other_in_one_direction() {
    for name in ["bcrypt-lanes", "fair-queue", "test-server"] {
        let sources = sources_below(&format!("crates/{name}/src"));

        assert!(!sources.is_empty(), "{name} has no files");
        assert_eq!(Uses::between(&sources).circles(), [""; 0], "{name}");
    }
}

/// For each file, those whose items it names.
struct Uses(BTreeMap<String, BTreeSet<String>>);

impl Uses {
    fn between(sources: &[Source]) -> Self {
        // Nothing can use `main.rs`, and its module would be that of `lib.rs`.
        let sources = sources.iter().filter(|source| source.name != "main.rs");
        let definitions = Definitions::of(sources.clone());
        let uses = sources.map(|source| {
            let used = source.used.iter().filter_map(|path| definitions.file_of(path, 0));
            let others = used.filter(|file| *file != source.name);
            (source.name.clone(), others.map(str::to_owned).collect())
        });
        Self(uses.collect())
    }

    /// Whether one file uses another, directly or indirectly.
    fn reaches(&self, from: &str, to: &str) -> bool {
        let (mut seen, mut next) = (HashSet::new(), vec![from]);
        while let Some(file) = next.pop() {
            for used in self.0.get(file).into_iter().flatten() {
                if used == to {
                    return true;
                }
                if seen.insert(used) {
                    next.push(used);
                }
            }
        }
        false
    }

    /// Every use that is part of a circle.
    fn circles(&self) -> Vec<String> {
        let uses = self.0.iter().flat_map(|(file, used)| used.iter().map(move |used| (file, used)));
        uses.filter(|(file, used)| self.reaches(used, file))
            .map(|(file, used)| format!("{file} uses {used}"))
            .collect()
    }
}

/// The file in which each item is defined.
struct Definitions<'a> {
    modules: HashSet<&'a [String]>,
    files: HashMap<&'a [String], &'a str>,
    imports: HashMap<&'a [String], Vec<&'a [String]>>,
}

impl<'a> Definitions<'a> {
    fn of(sources: impl Iterator<Item = &'a Source> + Clone) -> Self {
        let mut imports: HashMap<_, Vec<_>> = HashMap::new();
        for (name, path) in sources.clone().flat_map(|source| &source.imported) {
            imports.entry(&name[..]).or_default().push(&path[..]);
        }
        let defined = sources
            .clone()
            .flat_map(|source| source.defined.iter().map(|path| (&path[..], &source.name[..])));
        Self {
            files: defined.collect(),
            modules: sources.map(|source| &source.module[..]).collect(),
            imports,
        }
    }

    /// The file that defines what a path names: its first item that is not a module with its own file.
    fn file_of(&self, path: &[String], followed: usize) -> Option<&'a str> {
        // An import may refer to itself, such as that of a macro.
        if followed > 8 {
            return None;
        }
        let end = (1..=path.len()).take_while(|end| self.modules.contains(&path[..*end])).last()?;
        // A function may have the same name as its module.
        for end in [end, end - 1] {
            let (module, rest) = path.split_at(end);
            let Some((name, rest)) = rest.split_at_checked(1) else { continue };
            let here = [module, name].concat();
            if let Some(file) = self.files.get(&here[..]) {
                return Some(file);
            }
            // A glob may bring in the name, too, unless it is a module's.
            let everything = [module, &["*".to_owned()]].concat();
            let named = self.imports.get(&here[..]).into_iter().flatten().map(|path| [path, rest].concat());
            let globs = self.imports.get(&everything[..]).filter(|_| !self.modules.contains(&here[..]));
            let mut paths = named.chain(globs.into_iter().flatten().map(|glob| [*glob, name, rest].concat()));
            if let Some(file) = paths.find_map(|path| self.file_of(&path, followed + 1)) {
                return Some(file);
            }
        }
        None
    }
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let sources = [
        ("lib.rs", "pub mod a; pub mod b; pub use b::Thing;"),
        ("a/mod.rs", "mod inner; pub use inner::Inner; pub struct Shared;"),
        ("a/inner.rs", "use super::Shared; pub struct Inner(Shared, crate::Thing);"),
        ("b.rs", "pub struct Thing; fn run() -> crate::a::Inner { todo!() }"),
    ]
    .map(|(name, text)| Source::parse(name.to_owned(), text));

    let circles = Uses::between(&sources).circles();

    assert_eq!(circles, ["a/inner.rs uses b.rs", "b.rs uses a/inner.rs"]);
}
