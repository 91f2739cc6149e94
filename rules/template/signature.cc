// SPDX-License-Identifier: Apache-2.0
#include "rules/template/signature.h"

namespace outrider::tmpl {

Signature::Signature(const char* params) {
  if (params == nullptr) return;
  known_ = true;
  types_ = params;
  variadic_ = types_.ends_with('*');
  if (variadic_) types_.remove_suffix(1);
}

char Signature::TypeAt(size_t index) const {
  if (!known_) return 0;
  if (index < types_.size()) return types_[index];
  return variadic_ ? types_.back() : '\0';
}

std::string_view ParameterTypeName(char type) {
  switch (type) {
    case 's':
      return "string";
    case 'i':
      return "int";
    case 't':
      return "time.Time";
    case 'd':
      return "time.Duration";
    case 'l':
      return "[]interface {}";
    case 'S':
      return "[]string";
    case 'q':
      return "template.queryResult";
    case 'p':
      return "*template.sample";
    case 'r':
      return "reflect.Value";
    default:
      return "interface {}";
  }
}

bool TypeTakesNil(char type) {
  return std::string_view("sitd").find(type) == std::string_view::npos;
}

bool TypeTakes(char type, const Value& value) {
  const Value::Data& data = value.data();
  switch (type) {
    case 's':
      return std::holds_alternative<std::string>(data);
    case 'i':
      return std::holds_alternative<int64_t>(data);
    case 't':
      return std::holds_alternative<Time>(data);
    case 'd':
      return std::holds_alternative<Duration>(data);
    case 'S':
      return TypeName(value) == "[]string" || TypeName(value) == "template.Strings";
    case 'l':
    case 'q':
    case 'p':
      return TypeName(value) == ParameterTypeName(type);
    default:
      return true;
  }
}

}  // namespace outrider::tmpl
