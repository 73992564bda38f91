//! The edits: each makes one place of the sources weaker, and is found in the syntax tree.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, Item, Stmt};

use crate::syntax::{
    Contents, contents, has_pattern, is_bit_or_none, is_bits, is_built, is_negated_bit, last_segment, leaves,
    models_named,
};

/// The methods that wake somebody.
const WAKES: [&str; 6] = ["wake", "wake_all", "wake_one", "wake_by_ref", "unpark", "wake_in_batches"];

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
    /// A check that ends a function or a loop early, refuses, or chooses an arm of a match is not made.
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

    /// What stands alone, or is all that an arm does.
    fn statement(&mut self, expression: &Expr) {
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
            Expr::Binary(binary) if matches!(binary.op, BinOp::BitOrAssign(_)) && is_bits(&binary.right) => {
                let what = self.without(expression);
                self.add(Kind::Bit, expression, &what, "{}");
            }
            _ => {}
        }
    }

    /// A condition that never holds.
    fn never(&mut self, kind: Kind, condition: &Expr) {
        let condition_text = self.text(condition);
        let what = format!("never `{condition_text}`");
        self.add(kind, condition, &what, format!("false && ({condition_text})"));
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

    /// A statement that is left out, but for the variables that it moves.
    fn leave_out(&mut self, kind: Kind, call: &Expr) {
        let (receiver, arguments) = match call {
            Expr::MethodCall(call) => (Some(&*call.receiver), Some(&call.args)),
            Expr::Call(call) => (None, Some(&call.args)),
            _ => (None, None),
        };
        let values = receiver.into_iter().chain(arguments.into_iter().flatten());
        let variables = values.filter(|value| matches!(value, Expr::Path(_)));
        let kept: String = variables.map(|variable| format!("let _ = {}; ", self.text(variable))).collect();
        let what = self.without(call);
        self.add(kind, call, &what, format!("{{ {kept}}}"));
    }
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
        let attributes = match statement {
            Stmt::Expr(Expr::Call(call), _) => &call.attrs,
            Stmt::Expr(Expr::Block(block), _) => &block.attrs,
            _ => &Vec::new(),
        };
        if !is_built(attributes) {
            return;
        }
        if let Stmt::Expr(expression, _) = statement {
            self.statement(expression);
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.statement(&arm.body);
        if let Some((_, guard)) = &arm.guard
            && !has_pattern(guard)
        {
            self.never(Kind::Check, guard);
        }
        visit::visit_arm(self, arm);
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
        if !has_pattern(&branch.cond) {
            let otherwise = branch.else_branch.as_ref().map(|(_, otherwise)| &**otherwise);
            match otherwise {
                Some(Expr::Block(otherwise))
                    if is_bit_or_none(&branch.then_branch) && is_bit_or_none(&otherwise.block) =>
                {
                    self.never(Kind::Bit, &branch.cond);
                    let condition = self.text(&*branch.cond);
                    let what = format!("always `{condition}`");
                    self.add(Kind::Bit, &*branch.cond, &what, format!("true || ({condition})"));
                }
                _ if leaves(&branch.then_branch) => self.never(Kind::Check, &branch.cond),
                _ => {}
            }
        }
        visit::visit_expr_if(self, branch);
    }
}
