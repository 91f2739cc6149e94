// SPDX-License-Identifier: Apache-2.0
#include "rules/template/compare.h"

#include <fmt/format.h>

#include "rules/template/format_verb.h"

namespace outrider::tmpl {
namespace {

enum class BasicKind { kNone, kNil, kBool, kInt, kFloat, kString, kTime };

struct KindOf {
  BasicKind operator()(std::monostate) const { return BasicKind::kNil; }
  BasicKind operator()(bool) const { return BasicKind::kBool; }
  BasicKind operator()(int64_t) const { return BasicKind::kInt; }
  BasicKind operator()(double) const { return BasicKind::kFloat; }
  BasicKind operator()(const std::string&) const { return BasicKind::kString; }
  BasicKind operator()(const Duration&) const { return BasicKind::kInt; }
  BasicKind operator()(const SafeHtml&) const { return BasicKind::kString; }
  BasicKind operator()(const Time&) const { return BasicKind::kTime; }
  template <typename Shared>
  BasicKind operator()(const Shared&) const {
    return BasicKind::kNone;
  }
};

int64_t Integer(const Value& value) {
  const auto* duration = std::get_if<Duration>(&value.data());
  return duration != nullptr ? duration->nanos : std::get<int64_t>(value.data());
}
const std::string& Text(const Value& value) {
  const auto* safe = std::get_if<SafeHtml>(&value.data());
  return safe != nullptr ? safe->html : std::get<std::string>(value.data());
}

Status Incompatible(const Value& a, const Value& b) {
  return InvalidArgument(
      fmt::format("incompatible types for comparison: {} and {}", TypeName(a), TypeName(b)));
}

}  // namespace

StatusOr<bool> ValuesEqual(const Value& a, const Value& b) {
  const BasicKind kind = std::visit(KindOf(), a.data());
  const BasicKind other = std::visit(KindOf(), b.data());
  if (kind == BasicKind::kNil || other == BasicKind::kNil) return kind == other;
  if (kind != other) return Incompatible(a, b);
  switch (kind) {
    case BasicKind::kBool:
      return std::get<bool>(a.data()) == std::get<bool>(b.data());
    case BasicKind::kInt:
      return Integer(a) == Integer(b);
    case BasicKind::kFloat:
      return std::get<double>(a.data()) == std::get<double>(b.data());
    case BasicKind::kString:
      return Text(a) == Text(b);
    case BasicKind::kTime: {
      const Time& x = std::get<Time>(a.data());
      const Time& y = std::get<Time>(b.data());
      return x.nanos == y.nanos && x.offset_seconds == y.offset_seconds;
    }
    case BasicKind::kNil:
    case BasicKind::kNone:
      break;
  }
  return InvalidArgument(fmt::format("non-comparable type {}: {}", FormatValue(a), TypeName(a)));
}

StatusOr<bool> ValueLess(const Value& a, const Value& b) {
  const BasicKind kind = std::visit(KindOf(), a.data());
  const BasicKind other = std::visit(KindOf(), b.data());
  const auto invalid = [](BasicKind k) {
    return k == BasicKind::kNone || k == BasicKind::kNil || k == BasicKind::kTime;
  };
  if (invalid(kind) || invalid(other)) return InvalidArgument("invalid type for comparison");
  if (kind != other) return Incompatible(a, b);
  switch (kind) {
    case BasicKind::kInt:
      return Integer(a) < Integer(b);
    case BasicKind::kFloat:
      return std::get<double>(a.data()) < std::get<double>(b.data());
    case BasicKind::kString:
      return Text(a) < Text(b);
    default:
      return InvalidArgument("invalid type for comparison");
  }
}

}  // namespace outrider::tmpl
