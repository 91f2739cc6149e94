// SPDX-License-Identifier: Apache-2.0
#include "rules/template/to_json.h"

#include <charconv>
#include <cmath>

#include "rules/template/time_format.h"
#include "storage/base/json.h"

namespace outrider::tmpl {
namespace {

constexpr int kMaxDepth = 64;

// As encoding/json writes it: digits alone from 1e-6 up to 1e21, beyond them an exponent without
// leading zeros. What is no number is null.
std::string NumberText(double value) {
  if (!std::isfinite(value)) return "null";
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
  char buffer[400];
  const auto result =
      std::to_chars(buffer, buffer + sizeof buffer, value,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer, result.ptr);
  const size_t exponent = text.rfind("e-0");
  if (exponent != std::string::npos) text.erase(exponent + 2, 1);
  return text;
}

struct JsonVisitor {
  JsonWriter& writer;
  const std::string& out;
  size_t limit;
  int depth;

  void Item(const Value& value) const {
    std::visit(JsonVisitor{writer, out, limit, depth + 1}, value.data());
  }
  bool IsFull() const { return out.size() > limit; }

  void operator()(std::monostate) const { writer.Null(); }
  void operator()(const NamedInt& v) const { writer.Int(v.number); }
  void operator()(bool v) const { writer.Bool(v); }
  void operator()(int64_t v) const { writer.Int(v); }
  void operator()(double v) const { writer.Raw(NumberText(v)); }
  void operator()(const std::string& v) const { writer.String(v); }
  void operator()(const std::shared_ptr<const List>& v) const { Items(*v); }
  void operator()(const std::shared_ptr<const MethodList>& v) const { Items(v->items); }
  void operator()(const std::shared_ptr<const Object>& v) const {
    if (depth > kMaxDepth) {
      writer.Null();
      return;
    }
    writer.StartObject();
    for (size_t i = 0; i < v->fields.size() && !IsFull(); ++i) {
      const auto& [name, value] = v->fields[i];
      const std::string_view key = i < v->json_names.size() ? v->json_names[i] : name;
      if (key.empty() && !v->json_names.empty()) continue;
      writer.Key(key);
      Item(value);
    }
    writer.EndObject();
  }
  void operator()(const Time& v) const {
    writer.String(FormatTime(v, "2006-01-02T15:04:05.999999999Z07:00"));
  }
  void operator()(const Duration& v) const { writer.Int(v.nanos); }
  void operator()(const SafeHtml& v) const { writer.String(v.html); }

  void Items(const List& list) const {
    if (depth > kMaxDepth) {
      writer.Null();
      return;
    }
    writer.StartArray();
    for (const Value& item : list) {
      if (IsFull()) break;
      Item(item);
    }
    writer.EndArray();
  }
};

}  // namespace

std::string ToJsonText(const Value& value, size_t limit) {
  std::string out;
  JsonWriter writer(&out, JsonWriter::Escape::kGoHtml);
  std::visit(JsonVisitor{writer, out, limit, 0}, value.data());
  return out;
}

}  // namespace outrider::tmpl
