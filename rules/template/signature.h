// SPDX-License-Identifier: Apache-2.0
// Types of parameters: what the interpreter checks before it calls a function, as Go's reflection
// does. A signature is one letter for each parameter (Function::params in value.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rules/template/value.h"

namespace outrider::tmpl {

class Signature {
 public:
  explicit Signature(const char* params);

  // False for a function whose arguments are not checked here.
  bool known() const { return known_; }
  bool variadic() const { return variadic_; }
  size_t fixed() const { return variadic_ ? types_.size() - 1 : types_.size(); }
  // The type of argument `index`; 0 where any will do.
  char TypeAt(size_t index) const;

 private:
  std::string_view types_;
  bool known_ = false;
  bool variadic_ = false;
};

// Go's name of the type: 's' is string.
std::string_view ParameterTypeName(char type);
// A nil may stand for it.
bool TypeTakesNil(char type);
bool TypeTakes(char type, const Value& value);

}  // namespace outrider::tmpl
