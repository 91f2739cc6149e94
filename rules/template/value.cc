// SPDX-License-Identifier: Apache-2.0
#include "rules/template/value.h"

#include <algorithm>

namespace outrider::tmpl {
namespace {

template <typename Pairs>
auto FindByName(const Pairs& pairs, std::string_view name) -> decltype(&pairs.front().second) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return &value;
  }
  return nullptr;
}

struct TypeNamer {
  std::string operator()(std::monostate) const { return "<nil>"; }
  std::string operator()(const NamedInt& v) const { return std::string(v.type); }
  std::string operator()(bool) const { return "bool"; }
  std::string operator()(int64_t) const { return "int"; }
  std::string operator()(double) const { return "float64"; }
  std::string operator()(const std::string&) const { return "string"; }
  std::string operator()(const std::shared_ptr<const List>&) const { return "[]interface {}"; }
  std::string operator()(const std::shared_ptr<const Object>& object) const {
    return TypeName(*object);
  }
  std::string operator()(const std::shared_ptr<const MethodList>& list) const {
    return list->type.empty() ? "[]interface {}" : list->type;
  }
  std::string operator()(const Time&) const { return "time.Time"; }
  std::string operator()(const Duration&) const { return "time.Duration"; }
  std::string operator()(const SafeHtml& v) const {
    return v.url ? "template.URL" : "template.HTML";
  }
};

struct TruthTeller {
  bool operator()(std::monostate) const { return false; }
  bool operator()(const NamedInt& v) const { return v.number != 0; }
  bool operator()(bool v) const { return v; }
  bool operator()(int64_t v) const { return v != 0; }
  bool operator()(double v) const { return v != 0; }  // NaN is true, as in Go
  bool operator()(const std::string& v) const { return !v.empty(); }
  bool operator()(const std::shared_ptr<const List>& v) const { return !v->empty(); }
  bool operator()(const std::shared_ptr<const Object>& v) const {
    return v->kind == Object::Kind::kStruct || !v->fields.empty();
  }
  bool operator()(const std::shared_ptr<const MethodList>& v) const { return !v->items.empty(); }
  bool operator()(const Time&) const { return true; }
  bool operator()(const Duration& v) const { return v.nanos != 0; }
  bool operator()(const SafeHtml& v) const { return !v.html.empty(); }
};

int16_t DepthOver(int deepest) {
  return static_cast<int16_t>(std::min(deepest + 1, Value::kMaxCountedDepth));
}

int16_t DepthOf(const List& list) {
  int deepest = 0;
  for (const Value& item : list) deepest = std::max(deepest, item.depth());
  return DepthOver(deepest);
}

int16_t DepthOf(const Object& object) {
  int deepest = 0;
  for (const auto& [name, value] : object.fields) deepest = std::max(deepest, value.depth());
  return DepthOver(deepest);
}

}  // namespace

Value::Value(Data data) : data_(std::move(data)) {
  if (const List* list = AsList()) depth_ = DepthOf(*list);
  if (const Object* object = AsObject()) depth_ = DepthOf(*object);
}

Value Value::Boxed() const {
  Value boxed = *this;
  boxed.boxed_ = true;
  return boxed;
}

Value Value::Unboxed() const {
  Value plain = *this;
  plain.boxed_ = false;
  return plain;
}

std::string StaticTypeName(const Value& value) {
  return value.boxed() ? "interface {}" : TypeName(value);
}

StatusOr<Value> Function::operator()(std::span<const Value> args) const { return call(args); }

const Value* Object::Find(std::string_view key) const { return FindByName(fields, key); }
const Method* Object::FindMethod(std::string_view name) const { return FindByName(methods, name); }
const Method* MethodList::FindMethod(std::string_view name) const {
  return FindByName(methods, name);
}

Value::Value(List v)
    : data_(std::make_shared<const List>(std::move(v))), depth_(DepthOf(*AsList())) {}
Value::Value(MethodList v)
    : data_(std::make_shared<const MethodList>(std::move(v))), depth_(DepthOf(*AsList())) {}
Value::Value(Object v) : depth_(DepthOf(v)) {
  if (v.kind == Object::Kind::kMap) {
    std::stable_sort(v.fields.begin(), v.fields.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  data_ = std::make_shared<const Object>(std::move(v));
}

const Object* Value::AsObject() const {
  const auto* object = std::get_if<std::shared_ptr<const Object>>(&data_);
  return object != nullptr ? object->get() : nullptr;
}

const List* Value::AsList() const {
  if (const auto* list = std::get_if<std::shared_ptr<const List>>(&data_)) return list->get();
  if (const auto* list = std::get_if<std::shared_ptr<const MethodList>>(&data_)) {
    return &(*list)->items;
  }
  return nullptr;
}

const Method* Value::FindMethod(std::string_view name) const {
  if (const Object* object = AsObject()) return object->FindMethod(name);
  const auto* list = std::get_if<std::shared_ptr<const MethodList>>(&data_);
  return list != nullptr ? (*list)->FindMethod(name) : nullptr;
}

bool IsTrue(const Value& value) { return std::visit(TruthTeller(), value.data()); }
std::string TypeName(const Value& value) { return std::visit(TypeNamer(), value.data()); }

std::string TypeName(const Object& object) {
  if (!object.type.empty()) return object.type;
  if (object.kind == Object::Kind::kStruct) return "struct";
  return object.any_values ? "map[string]interface {}" : "map[string]string";
}

}  // namespace outrider::tmpl
