// House rules for oxlint that no stock rule covers. Loaded by .oxlintrc.json; rule names begin with `house/`.

/** `xs.push(...ys)` puts every element on the stack: a RangeError at some 100,000 of them, on the input of a user. */
const noSpreadPush = {
  create: (context) => ({
    CallExpression(node) {
      const { arguments: args, callee } = node
      const isPush = callee.type === "MemberExpression" && ["push", "unshift"].includes(callee.property.name)
      if (isPush && args.some((arg) => arg.type === "SpreadElement")) {
        context.report({ node, message: "Append in a loop or with concat: a spread puts every element on the stack." })
      }
    }
  })
}

/** Effect 3 allocates an AbortController and an interrupt handler unless the callback of `async` has exactly one parameter. */
const asyncTakesResume = {
  create: (context) => ({
    CallExpression(node) {
      const { arguments: [callback], callee } = node
      const isAsync = callee.type === "MemberExpression" && callee.object.name === "Effect" &&
        ["async", "asyncEffect"].includes(callee.property.name)
      if (isAsync && callback?.type === "ArrowFunctionExpression" && callback.params.length === 0) {
        context.report({ node, message: "Write Effect.async((resume) => ...): another arity costs 3.8 KB a fiber." })
      }
    }
  })
}

/** `new Date()` reads the wall clock as `Date.now()` does. */
const noWallClock = {
  create: (context) => ({
    NewExpression(node) {
      if (node.callee.name === "Date" && node.arguments.length === 0) {
        context.report({ node, message: "Read the time from Effect's Clock, or take it as a value." })
      }
    }
  })
}

export default {
  meta: { name: "house" },
  rules: { "no-spread-push": noSpreadPush, "async-takes-resume": asyncTakesResume, "no-wall-clock": noWallClock }
}
