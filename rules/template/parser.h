// SPDX-License-Identifier: Apache-2.0
// Stage two: tokens to trees, by recursive descent with a depth limit.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/template/ast.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

// Nesting of control structures and parentheses.
inline constexpr int kMaxParseDepth = 200;

// Parses `text` as the template `name`. The first tree is `name` itself; {{define}} and {{block}}
// give further ones. `has_function` tells whether a function may be called. Errors have Go's form:
// `template: NAME:LINE: …`.
StatusOr<std::vector<std::shared_ptr<const Tree>>> ParseTemplate(
    const std::string& name, std::string_view text,
    const std::function<bool(std::string_view)>& has_function);

}  // namespace outrider::tmpl
