// SPDX-License-Identifier: Apache-2.0
#include "rules/template/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "rules/template/format_verb.h"

namespace outrider::tmpl {
namespace {

// Go's kinds, as far as comparing them goes.
enum class Kind { kNil, kBool, kInt, kFloat, kString, kStruct, kMap, kPointer, kSlice };

struct KindOf {
  Kind operator()(std::monostate) const { return Kind::kNil; }
  Kind operator()(const NamedInt&) const { return Kind::kInt; }
  Kind operator()(bool) const { return Kind::kBool; }
  Kind operator()(int64_t) const { return Kind::kInt; }
  Kind operator()(double) const { return Kind::kFloat; }
  Kind operator()(const std::string&) const { return Kind::kString; }
  Kind operator()(const Duration&) const { return Kind::kInt; }
  Kind operator()(const SafeHtml&) const { return Kind::kString; }
  Kind operator()(const Time&) const { return Kind::kStruct; }
  Kind operator()(const std::shared_ptr<const List>&) const { return Kind::kSlice; }
  Kind operator()(const std::shared_ptr<const MethodList>&) const { return Kind::kSlice; }
  Kind operator()(const std::shared_ptr<const Object>& object) const {
    if (object->IsPointer()) return Kind::kPointer;
    return object->kind == Object::Kind::kMap ? Kind::kMap : Kind::kStruct;
  }
};

int64_t Integer(const Value& value) {
  if (const auto* named = std::get_if<NamedInt>(&value.data())) return named->number;
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

bool IsBasic(Kind kind) {
  return kind == Kind::kBool || kind == Kind::kInt || kind == Kind::kFloat || kind == Kind::kString;
}

// Values of its type can be compared with Go's ==: no lists or maps in it.
bool IsComparable(const Value& value) {
  const Kind kind = std::visit(KindOf(), value.data());
  if (kind == Kind::kSlice || kind == Kind::kMap) return false;
  const Object* object = value.AsObject();
  return object == nullptr || kind == Kind::kPointer ||
         std::ranges::all_of(object->fields,
                             [](const auto& field) { return IsComparable(field.second); });
}

bool SameBasic(Kind kind, const Value& a, const Value& b) {
  switch (kind) {
    case Kind::kBool:
      return std::get<bool>(a.data()) == std::get<bool>(b.data());
    case Kind::kInt:
      return Integer(a) == Integer(b);
    case Kind::kFloat:
      return std::get<double>(a.data()) == std::get<double>(b.data());
    case Kind::kString:
      return Text(a) == Text(b);
    default:
      return kind == Kind::kNil;
  }
}

// Go's == of two structs: of one type, and their fields are the same.
bool SameStruct(const Value& a, const Value& b) {
  if (TypeName(a) != TypeName(b)) return false;
  const Kind kind = std::visit(KindOf(), a.data());
  if (kind != std::visit(KindOf(), b.data())) return false;
  if (const Time* time = std::get_if<Time>(&a.data())) {
    const Time& other = std::get<Time>(b.data());
    return time->nanos == other.nanos && time->epoch == other.epoch &&
           time->offset_seconds == other.offset_seconds;
  }
  const Object* object = a.AsObject();
  if (object == nullptr) return SameBasic(kind, a, b);
  if (object->IsPointer()) return object == b.AsObject();
  return std::ranges::equal(object->fields, b.AsObject()->fields, [](const auto& x, const auto& y) {
    return SameStruct(x.second, y.second);
  });
}

}  // namespace

StatusOr<bool> ValuesEqual(const Value& a, const Value& b) {
  const Kind kind = std::visit(KindOf(), a.data());
  const Kind other = std::visit(KindOf(), b.data());
  if (kind == Kind::kNil || other == Kind::kNil) return kind == other;
  if (IsBasic(kind) && kind == other) return SameBasic(kind, a, b);
  if (IsBasic(kind) || IsBasic(other)) return Incompatible(a, b);
  if (kind != other) {
    return InvalidArgument(
        "non-comparable types " +
        Sprintf("%s: %s, %s: %v", std::vector<Value>{a, TypeName(a), TypeName(b), b}));
  }
  if (!IsComparable(b)) {
    return InvalidArgument("non-comparable type " +
                           Sprintf("%s: %s", std::vector<Value>{b, TypeName(b)}));
  }
  return SameStruct(a, b);
}

StatusOr<bool> ValueLess(const Value& a, const Value& b) {
  const Kind kind = std::visit(KindOf(), a.data());
  const Kind other = std::visit(KindOf(), b.data());
  if (!IsBasic(kind) || !IsBasic(other)) return InvalidArgument("invalid type for comparison");
  if (kind != other) return Incompatible(a, b);
  switch (kind) {
    case Kind::kInt:
      return Integer(a) < Integer(b);
    case Kind::kFloat:
      return std::get<double>(a.data()) < std::get<double>(b.data());
    case Kind::kString:
      return Text(a) < Text(b);
    default:
      return InvalidArgument("invalid type for comparison");
  }
}

}  // namespace outrider::tmpl
