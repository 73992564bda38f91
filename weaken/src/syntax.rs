//! What the edits are found by: questions about parts of a syntax tree.

use cfg_expr::{Expression, Predicate};
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, BinOp, Expr, ImplItem, Item, Stmt, UnOp};

/// The models that a text names, as in `models::release::unlock_publishes_the_critical_section`.
pub(crate) fn models_named(text: &str) -> Vec<String> {
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
pub(crate) fn is_built(attributes: &[Attribute]) -> bool {
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
pub(crate) enum Contents {
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

pub(crate) fn contents(tokens: &TokenStream) -> Option<Contents> {
    let functions = syn::parse2::<Many<ImplItem>>(tokens.clone());
    let functions = functions.map(|Many(functions)| Contents::Functions(functions));
    functions.or_else(|_| syn::parse2::<Many<Item>>(tokens.clone()).map(|Many(items)| Contents::Items(items))).ok()
}

pub(crate) fn last_segment(function: &Expr) -> Option<String> {
    match function {
        Expr::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// Whether it is the name of a constant.
fn is_bit(expression: &Expr) -> bool {
    last_segment(expression).is_some_and(|name| name.chars().all(|c| c.is_uppercase() || c.is_numeric() || c == '_'))
}

pub(crate) fn is_negated_bit(expression: &Expr) -> bool {
    match expression {
        Expr::Unary(unary) => matches!(unary.op, UnOp::Not(_)) && is_bits(&unary.expr),
        _ => false,
    }
}

/// A constant, or several.
pub(crate) fn is_bits(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(paren) => is_bits(&paren.expr),
        Expr::Binary(binary) => matches!(binary.op, BinOp::BitOr(_)) && is_bits(&binary.left) && is_bits(&binary.right),
        _ => is_bit(expression),
    }
}

/// Whether a block ends by leaving the function or the loop, or is an error.
pub(crate) fn leaves(block: &syn::Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(Expr::Return(_) | Expr::Continue(_) | Expr::Break(_), _)) => true,
        Some(Stmt::Expr(Expr::Call(call), None)) => last_segment(&call.func).is_some_and(|name| name == "Err"),
        _ => false,
    }
}

/// Whether a block is a bit, or none.
pub(crate) fn is_bit_or_none(block: &syn::Block) -> bool {
    match &*block.stmts {
        [Stmt::Expr(Expr::Lit(literal), None)] => literal.to_token_stream().to_string() == "0",
        [Stmt::Expr(value, None)] => is_bit(value),
        _ => false,
    }
}

pub(crate) fn has_pattern(condition: &Expr) -> bool {
    condition.to_token_stream().into_iter().any(|token| token.to_string() == "let")
}
