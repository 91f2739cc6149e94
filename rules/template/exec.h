// SPDX-License-Identifier: Apache-2.0
// Stage three: walks a tree with data. Bounded in output, steps and depth, so that a hostile
// template ends with an error.
#pragma once

#include <string>

#include "rules/template/ast.h"
#include "rules/template/template.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

inline constexpr size_t kBytesPerStep = 64;  // of a text that is handed on
inline constexpr int kMaxExecDepth = 500;    // nested statements, expressions and template calls
inline constexpr int kMaxValueDepth = 64;    // nested lists and maps that functions make

struct ExecScope {
  const TreeMap& templates;
  const FunctionMap& functions;  // looked up before the built-ins
  const FunctionMap& bound;      // looked up before those
  bool missing_key_zero = true;
  bool escape_html = false;
  TemplateLimits limits;
};

// Errors have Go's form: `template: NAME:LINE:COLUMN: executing "NAME" at <.Field>: …`.
StatusOr<std::string> ExecuteTree(const ExecScope& scope, const Tree& tree, const Value& data);

}  // namespace outrider::tmpl
