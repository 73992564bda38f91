//! The edits: each makes one place of the sources weaker, and is found in the syntax tree.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cfg_expr::{Expression, Predicate};
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, BinOp, Expr, ImplItem, Item, Stmt, UnOp};

/// What kind of edit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// An ordering is weaker.
    Ordering,
    /// A fence is gone.
    Fence,
    /// Somebody is not woken.
    Wake,
    /// A bit is not set, or not cleared.
    Bit,
    /// A check that ends a function or a loop early is not made.
    Check,
    /// A statement of a destructor is gone.
    Drop,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ordering => "orderings",
            Self::Fence => "fences",
            Self::Wake => "wakes",
            Self::Bit => "bits",
            Self::Check => "checks",
            Self::Drop => "destructors",
        })
    }
}

/// One edit.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// What it is called: the file, the function and the edit. No two have the same name.
    pub(crate) name: String,
    /// Its kind.
    pub(crate) kind: Kind,
    /// The file, from the root of the workspace.
    pub(crate) file: PathBuf,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The bytes that are replaced.
    pub(crate) range: Range<usize>,
    /// What they are replaced by.
    pub(crate) replacement: String,
    /// The models that the comments of the function name: those that are most likely to notice.
    pub(crate) models: Vec<String>,
}

/// Finds the edits in one file.
///
/// # Errors
///
/// The file is not Rust.
pub(crate) fn find(file: &Path, source: &str) -> Result<Vec<Site>, String> {
    let tree = syn::parse_file(source).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut finder = Finder { file, source, scope: Vec::new(), body: 0..0, in_drop: false, sites: Vec::new() };
    finder.visit_file(&tree);
    let mut sites = finder.sites;
    let mut seen = HashMap::new();
    for site in &mut sites {
        let count = seen.entry(site.name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            site.name = format!("{} #{count}", site.name);
        }
    }
    Ok(sites)
}

struct Finder<'a> {
    file: &'a Path,
    source: &'a str,
    /// The type and the function that is looked at.
    scope: Vec<String>,
    /// The function, with its comments.
    body: Range<usize>,
    in_drop: bool,
    sites: Vec<Site>,
}

impl Finder<'_> {
    fn add(&mut self, kind: Kind, at: &impl Spanned, what: &str, replacement: impl Into<String>) {
        let (span, replacement) = (at.span(), replacement.into());
        let name = format!("{} {}: {what}", self.file.display(), self.scope.join("::"));
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let range = span.byte_range();
        // A statement of a destructor may be of another kind, too.
        if self.sites.iter().any(|site| site.range == range && site.name == name) {
            return;
        }
        let models = models_named(&self.source[self.body.clone()]);
        let (file, line) = (self.file.to_owned(), span.start().line);
        self.sites.push(Site { name, kind, file, line, range, replacement, models });
    }

    fn text(&self, of: &impl Spanned) -> String {
        self.source[of.span().byte_range()].to_owned()
    }

    /// The name of an edit that takes something away.
    fn without(&self, of: &impl Spanned) -> String {
        format!("without `{}`", self.text(of))
    }

    fn in_scope(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.scope.push(name);
        visit(self);
        self.scope.pop();
    }

    fn function(&mut self, name: &syn::Ident, all: &impl Spanned, block: &syn::Block) {
        let body = std::mem::replace(&mut self.body, all.span().byte_range());
        self.in_scope(name.to_string(), |finder| {
            if finder.in_drop {
                finder.destructor(block);
            }
            finder.visit_block(block);
        });
        self.body = body;
    }

    fn destructor(&mut self, block: &syn::Block) {
        for statement in &block.stmts {
            if let Stmt::Expr(expression, _) = statement
                && matches!(expression, Expr::MethodCall(_) | Expr::Call(_) | Expr::If(_) | Expr::Match(_))
            {
                let what = self.without(expression);
                self.add(Kind::Drop, expression, &what, "()");
            }
        }
    }

    /// A statement that is left out, but for what it moves.
    fn leave_out(&mut self, kind: Kind, call: &Expr) {
        let kept = match call {
            Expr::MethodCall(call) => {
                let receiver = self.text(&*call.receiver);
                let rest = call.args.iter().map(|argument| self.text(argument));
                std::iter::once(receiver).chain(rest).collect()
            }
            Expr::Call(call) => call.args.iter().map(|argument| self.text(argument)).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        let kept: String = kept.iter().map(|part| format!("let _ = {part}; ")).collect();
        let what = self.without(call);
        self.add(kind, call, &what, format!("{{ {kept}}}"));
    }
}

/// The models that a text names, as in `models::release::unlock_publishes_the_critical_section`.
fn models_named(text: &str) -> Vec<String> {
    let mut models: Vec<String> = text
        .split('`')
        .filter_map(|quoted| quoted.strip_prefix("models::"))
        .filter(|rest| rest.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':'))
        .filter_map(|path| path.rsplit("::").next().map(str::to_owned))
        .collect();
    models.sort();
    models.dedup();
    models
}

/// Whether code with these attributes is in a build under a checker, on Linux.
fn is_built(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).all(|attribute| {
        let Ok(condition) = attribute.parse_args::<TokenStream>() else { return true };
        let Ok(condition) = Expression::parse(&condition.to_string()) else { return true };
        condition.eval(|predicate| match predicate {
            Predicate::Target(target) => target.matches_linux(),
            Predicate::Feature(_) => true,
            Predicate::KeyValue { key, val } => *key == "latchwork" && *val == "loom",
            Predicate::Test | Predicate::Flag(_) => false,
            _ => true,
        })
    })
}

/// Whether a predicate of the target holds on Linux on a machine of 64 bits.
trait MatchesLinux {
    fn matches_linux(&self) -> bool;
}

impl MatchesLinux for cfg_expr::expr::TargetPredicate {
    fn matches_linux(&self) -> bool {
        let linux = cfg_expr::targets::get_builtin_target_by_triple("x86_64-unknown-linux-gnu");
        linux.is_none_or(|linux| self.matches(linux))
    }
}

/// What a macro of ours may contain: items, or functions of an `impl`.
enum Contents {
    Items(Vec<Item>),
    Functions(Vec<ImplItem>),
}

struct Many<T>(Vec<T>);

impl<T: Parse> Parse for Many<T> {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut parts = Vec::new();
        while !input.is_empty() {
            parts.push(input.parse()?);
        }
        Ok(Self(parts))
    }
}

fn contents(tokens: &TokenStream) -> Option<Contents> {
    let functions = syn::parse2::<Many<ImplItem>>(tokens.clone());
    let functions = functions.map(|Many(functions)| Contents::Functions(functions));
    functions.or_else(|_| syn::parse2::<Many<Item>>(tokens.clone()).map(|Many(items)| Contents::Items(items))).ok()
}

const WAKES: [&str; 6] = ["wake", "wake_all", "wake_one", "wake_by_ref", "unpark", "wake_in_batches"];

fn last_segment(function: &Expr) -> Option<String> {
    match function {
        Expr::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// Whether it is the name of a constant.
fn is_bit(expression: &Expr) -> bool {
    last_segment(expression).is_some_and(|name| name.chars().all(|c| c.is_uppercase() || c.is_numeric() || c == '_'))
}

fn is_negated_bit(expression: &Expr) -> bool {
    match expression {
        Expr::Unary(unary) => matches!(unary.op, UnOp::Not(_)) && is_bits(&unary.expr),
        _ => false,
    }
}

/// A constant, or several.
fn is_bits(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(paren) => is_bits(&paren.expr),
        Expr::Binary(binary) => matches!(binary.op, BinOp::BitOr(_)) && is_bits(&binary.left) && is_bits(&binary.right),
        _ => is_bit(expression),
    }
}

/// Whether a block ends by leaving the function or the loop.
fn leaves(block: &syn::Block) -> bool {
    let last = block.stmts.last();
    matches!(last, Some(Stmt::Expr(Expr::Return(_) | Expr::Continue(_) | Expr::Break(_), _)))
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Const(_) | Item::Static(_) => return,
            _ => return visit::visit_item(self, item),
        };
        if is_built(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        let of = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        let was_in_drop = self.in_drop;
        self.in_drop = of.is_some_and(|of| of.ident == "Drop" || of.ident == "PinnedDrop");
        self.in_scope(name.unwrap_or_default(), |finder| visit::visit_item_impl(finder, item));
        self.in_drop = was_in_drop;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if is_built(&item.attrs) {
            self.function(&item.sig.ident, item, &item.block);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident, item, &item.block);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        match contents(&call.tokens) {
            Some(Contents::Items(items)) => items.iter().for_each(|item| self.visit_item(item)),
            Some(Contents::Functions(functions)) => functions.iter().for_each(|item| self.visit_impl_item(item)),
            None => {}
        }
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let segments: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [.., kind, ordering] = &segments[..]
            && kind == "Ordering"
        {
            let weaker: &[&str] = match &**ordering {
                "Acquire" | "Release" => &["Relaxed"],
                "AcqRel" => &["Acquire", "Release"],
                "SeqCst" => &["AcqRel"],
                _ => &[],
            };
            for weaker in weaker {
                let what = format!("{ordering} to {weaker}");
                self.add(Kind::Ordering, path, &what, format!("Ordering::{weaker}"));
            }
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        match last_segment(&call.func).as_deref() {
            Some("fence" | "light" | "heavy") => {
                let what = self.without(call);
                self.add(Kind::Fence, call, &what, "()");
            }
            _ => visit::visit_expr_call(self, call),
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if let Stmt::Expr(expression, _) = statement {
            match expression {
                Expr::MethodCall(call) => {
                    let (method, receiver) = (call.method.to_string(), self.text(&*call.receiver));
                    let gathers = receiver.ends_with("wakes") && matches!(&*method, "push" | "extend");
                    if WAKES.contains(&&*method) || gathers {
                        self.leave_out(Kind::Wake, expression);
                    } else if method.starts_with("set") && receiver.starts_with("self") {
                        self.leave_out(Kind::Bit, expression);
                    }
                }
                Expr::Call(call) if last_segment(&call.func).is_some_and(|name| WAKES.contains(&&*name)) => {
                    self.leave_out(Kind::Wake, expression);
                }
                _ => {}
            }
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let (left, right) = (&*binary.left, &*binary.right);
        let touches_bits = match binary.op {
            BinOp::BitOr(_) => is_bits(right) && !is_bits(left),
            BinOp::BitAnd(_) => is_negated_bit(right),
            _ => false,
        };
        if touches_bits {
            let left = self.text(left);
            let what = format!("`{left}` for `{}`", self.text(binary));
            self.add(Kind::Bit, binary, &what, left);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_if(&mut self, branch: &'ast syn::ExprIf) {
        let has_pattern = branch.cond.to_token_stream().into_iter().any(|token| token.to_string() == "let");
        if leaves(&branch.then_branch) && branch.else_branch.is_none() && !has_pattern {
            let condition = self.text(&*branch.cond);
            let what = format!("never `{condition}`");
            self.add(Kind::Check, &*branch.cond, &what, format!("false && ({condition})"));
        }
        visit::visit_expr_if(self, branch);
    }
}
