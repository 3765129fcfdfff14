//! What each source file names: the paths of its imports and of its code, parsed, and led back to the crate's root.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, File, ImplItemFn, Item, ItemMod, ItemUse, Macro, MetaList, UseTree,
    buffer::{Cursor, TokenBuffer},
    visit::{self, Visit},
};

/// A source file.
pub struct Source {
    /// Its path below `src`.
    pub name: String,
    /// Every path that it names outside of unit tests, such as `["crate", "actors", "db", "Ping"]` or `["rusqlite", "Connection"]`.
    pub paths: Vec<Vec<String>>,
    /// Its lines without those that are comments.
    pub code: String,
}

/// Every source file, parsed.
pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut directories: Vec<PathBuf> = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                found.push(Source::parse(name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 60, "only {} files were found", found.len());
    found
}

impl Source {
    pub fn parse(name: String, text: &str) -> Self {
        let file: File = syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut module: Vec<_> = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        module.pop_if(|last| matches!(last.as_str(), "mod" | "lib" | "main"));
        module.insert(0, "crate".to_owned());
        let mut collector = Collector { module, aliases: HashMap::new(), paths: Vec::new() };
        collector.visit_file(&file);
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = lines.collect::<Vec<_>>().join("\n");
        Self { name, paths: collector.paths, code }
    }

    /// Whether it names something below a path.
    pub fn names(&self, prefix: &[&str]) -> bool {
        self.paths
            .iter()
            .any(|path| path.len() >= prefix.len() && path.iter().zip(prefix).all(|(a, b)| a == b))
    }

    /// Whether it names something by the last parts of its path.
    pub fn names_last(&self, suffix: &[&str]) -> bool {
        self.paths
            .iter()
            .any(|path| path.ends_with(&suffix.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>()))
    }
}

struct Collector {
    /// The module that is read, from the crate's root on.
    module: Vec<String>,
    /// What an import in this module calls by a name of its own.
    aliases: HashMap<String, Vec<String>>,
    paths: Vec<Vec<String>>,
}

impl Collector {
    /// A path as the crate's root would write it; the name of another crate stays first.
    fn resolve(&self, path: &[String]) -> Vec<String> {
        let (mut base, mut rest) = (Vec::new(), path);
        while let [first, after @ ..] = rest {
            match first.as_str() {
                "self" if base.is_empty() => base.clone_from(&self.module),
                "super" => {
                    if base.is_empty() {
                        base.clone_from(&self.module);
                    }
                    base.pop();
                }
                name => {
                    if let Some(alias) = self.aliases.get(name).filter(|_| base.is_empty()) {
                        base.clone_from(alias);
                    } else {
                        break;
                    }
                }
            }
            rest = after;
        }
        [&base, rest].concat()
    }

    fn import(&mut self, prefix: &[String], tree: &UseTree) {
        let mut end = |name: &syn::Ident, alias: &syn::Ident| {
            let mut path = prefix.to_vec();
            if name != "self" || path.is_empty() {
                path.push(name.to_string());
            }
            let path = self.resolve(&path);
            let alias = if alias == "self" { path.last().unwrap().clone() } else { alias.to_string() };
            self.paths.push(path.clone());
            self.aliases.insert(alias, path);
        };
        match tree {
            UseTree::Path(part) => {
                self.import(&[prefix, &[part.ident.to_string()]].concat(), &part.tree);
            }
            UseTree::Name(name) => end(&name.ident, &name.ident),
            UseTree::Rename(name) => end(&name.ident, &name.rename),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(prefix, tree)),
            UseTree::Glob(_) => {
                let path = self.resolve(prefix);
                self.paths.push(path);
            }
        }
    }

    /// Everything that looks like a path within a macro, whose grammar only the macro knows.
    fn scan(&mut self, mut cursor: Cursor) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        while !cursor.eof() {
            let next = if let Some((ident, next)) = cursor.ident() {
                if colons != 2 {
                    self.end_path(&mut path);
                }
                path.push(ident.to_string());
                colons = 0;
                next
            } else if let Some((punct, next)) = cursor.punct() {
                colons = if punct.as_char() == ':' { colons + 1 } else { 0 };
                if colons == 0 {
                    self.end_path(&mut path);
                }
                next
            } else if let Some((inside, _, _, next)) = cursor.any_group() {
                self.end_path(&mut path);
                self.scan(inside);
                colons = 0;
                next
            } else {
                self.end_path(&mut path);
                colons = 0;
                cursor.token_tree().unwrap().1
            };
            cursor = next;
        }
        self.end_path(&mut path);
    }

    /// Takes note of a path. One name alone is local, where no import explains it.
    fn end_path(&mut self, path: &mut Vec<String>) {
        let resolved = self.resolve(path);
        if resolved.len() > 1 {
            self.paths.push(resolved);
        }
        path.clear();
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// The imports of a module come first, because code before them may use what they name.
fn with_imports_first(items: &[Item]) -> impl Iterator<Item = &Item> {
    let is_import = |item: &&Item| matches!(item, Item::Use(_));
    items.iter().filter(is_import).chain(items.iter().filter(move |item| !is_import(item)))
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_file(&mut self, file: &'ast File) {
        with_imports_first(&file.items).for_each(|item| self.visit_item(item));
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if let Some((_, items)) = module.content.as_ref().filter(|_| !is_test(&module.attrs)) {
            let outside = std::mem::take(&mut self.aliases);
            self.module.push(module.ident.to_string());
            with_imports_first(items).for_each(|item| self.visit_item(item));
            self.module.pop();
            self.aliases = outside;
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_test(&item.attrs) {
            self.import(&[], &item.tree);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.end_path(&mut segments);
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("allow") {
            self.paths.push(vec!["#[allow]".to_owned()]);
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_meta_list(&mut self, list: &'ast MetaList) {
        visit::visit_meta_list(self, list);
        self.scan(TokenBuffer::new2(list.tokens.clone()).begin());
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        visit::visit_macro(self, call);
        self.scan(TokenBuffer::new2(call.tokens.clone()).begin());
    }
}

#[test]
fn imports_are_read_however_they_are_written() {
    let text = "
        use crate::{config::Config, http::{self as web, Api}};
        use super::super::password;
        fn run() { log::info!(\"{}\", crate::cli::name()); web::render(); password::hash(rusqlite::version()) }
        #[cfg(test)]
        mod tests { use actix_web::test; }
    ";

    let source = Source::parse("actors/db/users.rs".to_owned(), text);

    for named in [
        &["crate", "config", "Config"][..],
        &["crate", "http", "Api"],
        &["crate", "http", "render"],
        &["crate", "actors", "password", "hash"],
        &["crate", "cli", "name"],
        &["rusqlite"],
    ] {
        assert!(source.names(named), "{named:?} is not among {:?}", source.paths);
    }
    assert!(!source.names(&["actix_web"]), "{:?}", source.paths);
}
