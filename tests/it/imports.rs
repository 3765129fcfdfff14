//! What each source file names: the paths of its imports and of its code, parsed, and resolved from the
//! crate's root.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, File, Ident, ImplItemFn, Item, ItemMod, ItemUse, Macro, MetaList, UseTree, Visibility,
    buffer::{Cursor, TokenBuffer},
    visit::{self, Visit},
};

/// A source file.
#[derive(Default)]
pub struct Source {
    /// Its path below `src`.
    pub name: String,
    /// Its module, such as `["crate", "actors", "db"]`.
    pub module: Vec<String>,
    /// Every path that its code names outside of unit tests, such as `["crate", "actors", "db", "Ping"]` or `["rusqlite",
    /// "Connection"]`.
    pub used: Vec<Vec<String>>,
    /// Every path that it only re-exports, by a `pub use`.
    passed_on: Vec<Vec<String>>,
    /// The path of each item that it defines.
    pub defined: Vec<Vec<String>>,
    /// Each import: the path under which it can be named from here on (`*` is a glob), and the path that it stands for.
    pub imported: Vec<(Vec<String>, Vec<String>)>,
    /// Its lines without comments.
    pub code: String,
}

/// Every source file of Sekisho, parsed.
pub fn sources() -> Vec<Source> {
    let found = sources_below("src");
    assert!(found.len() > 60, "only {} files were found", found.len());
    found
}

/// Every source file in a folder of this repository, parsed.
pub fn sources_below(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
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
    found
}

impl Source {
    pub fn parse(name: String, text: &str) -> Self {
        let file: File = syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut module: Vec<_> = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        module.pop_if(|last| matches!(last.as_str(), "mod" | "lib" | "main"));
        module.insert(0, "crate".to_owned());
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = lines.collect::<Vec<_>>().join("\n");
        let source = Self { name, module: module.clone(), code, ..Self::default() };
        let mut collector = Collector { module, aliases: HashMap::new(), source };
        collector.visit_items(&file.items);
        collector.source
    }

    fn paths(&self) -> impl Iterator<Item = &Vec<String>> {
        self.used.iter().chain(&self.passed_on)
    }

    /// Whether it names something below a path.
    pub fn names(&self, prefix: &[&str]) -> bool {
        self.paths().any(|path| path.len() >= prefix.len() && path.iter().zip(prefix).all(|(a, b)| a == b))
    }

    /// Whether it names something by the last parts of its path.
    pub fn names_last(&self, suffix: &[&str]) -> bool {
        let suffix: Vec<_> = suffix.iter().map(|part| (*part).to_owned()).collect();
        self.paths().any(|path| path.ends_with(&suffix))
    }
}

struct Collector {
    /// The module that is being read, from the crate's root.
    module: Vec<String>,
    /// The names that this module has for other items: its imports and its child modules.
    aliases: HashMap<String, Vec<String>>,
    source: Source,
}

impl Collector {
    /// A path from the crate's root; a path into another crate begins with its name.
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

    /// The path of a name in the module that is being read.
    fn here(&self, name: &str) -> Vec<String> {
        [&self.module[..], &[name.to_owned()]].concat()
    }

    fn import(&mut self, is_public: bool, prefix: &[String], tree: &UseTree) {
        let (name, alias) = match tree {
            UseTree::Path(part) => {
                return self.import(is_public, &[prefix, &[part.ident.to_string()]].concat(), &part.tree);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(is_public, prefix, tree));
            }
            UseTree::Name(name) => (name.ident.to_string(), name.ident.to_string()),
            UseTree::Rename(name) => (name.ident.to_string(), name.rename.to_string()),
            UseTree::Glob(_) => ("self".to_owned(), "*".to_owned()),
        };
        let path =
            if name == "self" { self.resolve(prefix) } else { self.resolve(&[prefix, &[name]].concat()) };
        let alias = if alias == "self" { path.last().unwrap().clone() } else { alias };
        self.source.imported.push((self.here(&alias), path.clone()));
        self.aliases.insert(alias, path.clone());
        if is_public {
            self.source.passed_on.push(path);
        } else {
            self.source.used.push(path);
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

    /// Records a path. A single name is local unless an import explains it.
    fn end_path(&mut self, path: &mut Vec<String>) {
        let resolved = self.resolve(path);
        if resolved.len() > 1 {
            self.source.used.push(resolved);
        }
        path.clear();
    }

    /// Reads the items of a module. Its imports come first, because code before an import may use it.
    fn visit_items(&mut self, items: &[Item]) {
        for item in items {
            if let Item::Mod(module) = item {
                let name = module.ident.to_string();
                self.aliases.insert(name.clone(), self.here(&name));
            }
        }
        let is_import = |item: &&Item| matches!(item, Item::Use(_));
        items.iter().filter(is_import).for_each(|item| self.visit_item(item));
        items.iter().filter(|item| !is_import(item)).for_each(|item| self.visit_item(item));
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// The name that an item defines. A module with its own file is not defined here.
fn defined_name(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Macro(item) => item.ident.as_ref(),
        Item::Mod(item) => item.content.as_ref().map(|_| &item.ident),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Some(name) = defined_name(item) {
            self.source.defined.push(self.here(&name.to_string()));
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if let Some((_, items)) = module.content.as_ref().filter(|_| !is_test(&module.attrs)) {
            let outside = std::mem::take(&mut self.aliases);
            self.module.push(module.ident.to_string());
            self.visit_items(items);
            self.module.pop();
            self.aliases = outside;
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_test(&item.attrs) {
            self.import(!matches!(item.vis, Visibility::Inherited), &[], &item.tree);
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
            self.source.used.push(vec!["#[allow]".to_owned()]);
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
        assert!(source.names(named), "{named:?} is not among {:?}", source.used);
    }
    assert!(!source.names(&["actix_web"]), "{:?}", source.used);
}
