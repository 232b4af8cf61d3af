//! Components that are made rather than built.

use wasm_encoder::{
    CodeSection, Component, Function, FunctionSection, Instruction, Module, ModuleSection,
    TypeSection, ValType,
};

/// How many functions the module has, and how many steps each of them takes: together a second
/// of a compiler's time.
const FUNCTIONS: u32 = 1000;
const STEPS: i64 = 300;

/// A component that holds one large module and exports nothing, so that it is compiled at length
/// and then refused.
pub(crate) fn that_takes_long_to_compile() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I64], [ValType::I64]);
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    for function in 0..FUNCTIONS {
        functions.function(0);
        code.function(&body(i64::from(function)));
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    component.finish()
}

/// A function that no optimizer makes short: each step depends on the one before in two ways.
fn body(seed: i64) -> Function {
    let mut body = Function::new([]);
    body.instruction(&Instruction::LocalGet(0));
    for step in 0..STEPS {
        body.instruction(&Instruction::I64Const(seed * STEPS + step));
        body.instruction(&Instruction::I64Xor);
        body.instruction(&Instruction::LocalGet(0));
        body.instruction(&Instruction::I64Mul);
    }
    body.instruction(&Instruction::End);
    body
}
