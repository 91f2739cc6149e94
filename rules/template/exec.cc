// SPDX-License-Identifier: Apache-2.0
// A walk of the tree with dot handed down. `at_` is the node an error points at: as in Go it is the
// last one whose evaluation began, not the one that noticed. One class and therefore one file:
// statements and expressions share that place, the variables and the budget.
#include "rules/template/exec.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ranges>
#include <utility>

#include "rules/template/format_spec.h"
#include "rules/template/format_verb.h"
#include "rules/template/html_context.h"
#include "rules/template/signature.h"
#include "rules/template/time_format.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

// What a statement asks of the loop around it.
enum class Flow { kNext, kBreak, kContinue };

// The value a pipeline hands to its next command; nullptr at the first one.
using Final = const Value*;

// Who is called: its name in errors, and where an error of its own is told.
struct Callee {
  const Function& function;
  const std::string& name;
  const Node& node;
  bool is_call = false;  // the built-in that wants the text of its argument
};

class Executor {
 public:
  Executor(const ExecScope& scope, const Tree& tree, const Value& data)
      : scope_(scope), tree_(&tree), variables_({{"$", data}}) {}

  StatusOr<std::string> Run(const Value& data) {
    TRY(WalkList(data, tree_->root));
    return std::move(out_);
  }

 private:
  // Counts nesting for its lifetime.
  class Nesting {
   public:
    explicit Nesting(int* depth) : depth_(depth) { ++*depth_; }
    ~Nesting() { --*depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    int* depth_;
  };

  Status Error(const std::string& message) const {
    if (at_ == nullptr) return InvalidArgument("template: " + tree_->name + ": " + message);
    const auto [line, column] = PlaceOf(*at_);
    return InvalidArgument(fmt::format("template: {}:{}:{}: executing {} at <{}>: {}",
                                       tree_->parse_name, line, column, Quote(tree_->name),
                                       NodeText(*at_), message));
  }

  // Line from 1 and column from 0 of a node.
  std::pair<int64_t, size_t> PlaceOf(const Node& node) const {
    const std::string_view before = std::string_view(*tree_->text).substr(0, node.pos);
    const size_t newline = before.rfind('\n');
    const size_t column = newline == std::string_view::npos ? node.pos : node.pos - newline - 1;
    return {1 + std::count(before.begin(), before.end(), '\n'), column};
  }

  Status Spend(size_t steps) {
    steps_ += steps;
    if (steps_ > scope_.limits.steps) return Error("too many steps");
    if (depth_ > kMaxExecDepth) {
      return Error(fmt::format("exceeded maximum template depth ({})", kMaxExecDepth));
    }
    return absl::OkStatus();
  }

  // Texts are copied as they are handed on.
  static size_t CopyCost(const Value& value) {
    const auto* safe = std::get_if<SafeHtml>(&value.data());
    const std::string* text = safe != nullptr ? &safe->html : value.AsString();
    return text != nullptr ? text->size() / kBytesPerStep : 0;
  }

  // The evaluation of `node` begins.
  Status At(const Node& node) {
    at_ = &node;
    return Spend(1);
  }

  Status Write(std::string_view text) {
    const size_t limit = scope_.limits.output;
    if (out_.size() + text.size() > limit) {
      return Error(fmt::format("output is larger than {} MiB", limit >> 20));
    }
    out_ += text;
    return absl::OkStatus();
  }

  // Statements.

  StatusOr<Flow> WalkList(const Value& dot, const NodeList& list) {
    for (const NodePtr& node : list) {
      const Flow flow = TRY(Walk(dot, *node));
      if (flow != Flow::kNext) return flow;
    }
    return Flow::kNext;
  }

  StatusOr<Flow> Walk(const Value& dot, const Node& node) {
    const Nesting nesting(&depth_);
    TRY(At(node));
    switch (node.type) {
      case NodeType::kText:
        TRY(Text(node));
        return Flow::kNext;
      case NodeType::kAction:
        TRY(Action(dot, node));
        return Flow::kNext;
      case NodeType::kIf:
      case NodeType::kWith:
        return IfOrWith(dot, node);
      case NodeType::kRange:
        return Range(dot, node);
      case NodeType::kTemplate:
        TRY(Template(dot, node));
        return Flow::kNext;
      case NodeType::kBreak:
        return Flow::kBreak;
      case NodeType::kContinue:
        return Flow::kContinue;
      default:
        return Error("not a statement");
    }
  }

  Status Text(const Node& node) {
    TRY(Spend(node.text.size() / kBytesPerStep));  // a comment is read and not written
    if (!scope_.escape_html) return Write(node.text);
    TRY(Write(html_.Feed(node.text)));
    if (html_.IsTooDeep()) return Error("template literals of a script are nested too deeply");
    return absl::OkStatus();
  }

  Status Action(const Value& dot, const Node& node) {
    if (scope_.escape_html && node.pipe->declared.empty()) return HtmlAction(dot, node);
    const Value value = TRY(Pipeline(dot, *node.pipe));
    if (!node.pipe->declared.empty()) return absl::OkStatus();
    at_ = &node;
    const std::string text = PrintableText(value);
    // A list or map that was not printed to its end.
    const size_t limit = std::min(scope_.limits.output, kMaxFormatted);
    if (value.AsString() == nullptr && text.size() > limit) {
      return Error(fmt::format("output is larger than {} MiB", limit >> 20));
    }
    return Write(text);
  }

  // The escaper a command calls, "" for another one.
  std::string_view EscaperOf(const Node& command) const {
    const Node& first = *command.children[0];
    const bool own = scope_.functions.contains(first.text);
    const bool escaper = first.text == "html" || first.text == "urlquery";
    return first.type == NodeType::kIdentifier && escaper && !own ? std::string_view(first.text)
                                                                  : std::string_view();
  }

  Status HtmlAction(const Value& dot, const Node& node) {
    const NodeList& commands = node.pipe->children;
    for (const NodePtr& command : commands) {
      const std::string_view escaper = EscaperOf(*command);
      if (escaper.empty() || (command == commands.back() && !html_.Refuses(escaper))) continue;
      const auto [line, column] = PlaceOf(node);
      return InvalidArgument(
          fmt::format("html/template:{}:{}:{}: predefined escaper {} disallowed in template",
                      tree_->parse_name, line, column, Quote(escaper)));
    }
    const std::string_view escaper = EscaperOf(*commands.back());
    const bool replaces = html_.Replaces(escaper);
    const Value value =
        replaces ? TRY(EscaperInput(dot, *node.pipe)) : TRY(Pipeline(dot, *node.pipe));
    at_ = &node;
    return Write(html_.Escape(value, replaces ? escaper : std::string_view()));
  }

  // What the escaper at the end of a pipeline is given.
  StatusOr<Value> EscaperInput(const Value& dot, const Node& pipe) {
    const Nesting nesting(&depth_);
    TRY(At(pipe));
    const Node& last = *pipe.children.back();
    const bool piped = pipe.children.size() > 1;
    Value value = TRY(Commands(dot, pipe, pipe.children.size() - 1));
    if (piped && last.children.size() == 1) return value;
    TRY(At(*last.children[0]));
    std::vector<Value> args;
    for (size_t i = 1; i < last.children.size(); ++i) {
      args.push_back(TRY(Argument(dot, *last.children[i], 'a')));
    }
    if (piped) args.push_back(value);
    return Value(Sprint(args));
  }

  StatusOr<Flow> IfOrWith(const Value& dot, const Node& node) {
    const size_t mark = variables_.size();
    const Value value = TRY(Pipeline(dot, *node.pipe));
    StatusOr<Flow> flow = Flow::kNext;
    if (IsTrue(value)) {
      flow = WalkList(node.type == NodeType::kWith ? value : dot, node.list);
    } else {
      flow = WalkList(dot, node.else_list);
    }
    variables_.resize(mark);
    return flow;
  }

  // How many turns a range over the value takes; -1 where it cannot be ranged over.
  static int64_t TurnCount(const Value& value) {
    if (value.IsNil()) return 0;
    if (const List* list = value.AsList()) return static_cast<int64_t>(list->size());
    if (const int64_t* count = Integer(value)) return std::max<int64_t>(*count, 0);
    const Object* object = value.AsObject();
    const bool map = object != nullptr && object->kind == Object::Kind::kMap;
    return map ? static_cast<int64_t>(object->fields.size()) : -1;
  }

  static const int64_t* Integer(const Value& value) {
    const auto* duration = std::get_if<Duration>(&value.data());
    return duration != nullptr ? &duration->nanos : std::get_if<int64_t>(&value.data());
  }

  // Index or key, and item.
  static std::pair<Value, Value> Turn(const Value& value, int64_t turn) {
    const auto index = static_cast<size_t>(turn);
    if (const List* list = value.AsList()) {
      const bool plain = std::holds_alternative<std::shared_ptr<const List>>(value.data());
      return {Value(turn), Item((*list)[index], plain)};
    }
    if (const Object* object = value.AsObject()) {
      const auto& [key, item] = object->fields[index];
      return {Value(key), Item(item, object->any_values)};
    }
    if (std::holds_alternative<Duration>(value.data())) return {Value(), Value(Duration{turn})};
    return {Value(), Value(turn)};
  }

  // A value found in data; what is nil lies in a place for anything.
  static Value Item(const Value& value, bool any) {
    return any || value.IsNil() ? value.Boxed() : value;
  }

  StatusOr<Flow> Range(const Value& dot, const Node& node) {
    const size_t mark = variables_.size();
    const Value value = TRY(Pipeline(dot, *node.pipe));
    const int64_t count = TurnCount(value);
    if (count < 0) return Error("range can't iterate over " + PrintableText(value));
    if (Integer(value) != nullptr && node.pipe->declared.size() > 1) {
      return Error(
          fmt::format("can't use {} to iterate over more than one variable", PrintableText(value)));
    }
    Flow flow = Flow::kNext;
    for (int64_t i = 0; i < count && flow != Flow::kBreak; ++i) {
      const auto turn = Turn(value, i);
      TRY(Spend(1 + CopyCost(turn.first) + CopyCost(turn.second)));
      flow = TRY(Iterate(node, turn.first, turn.second));
    }
    StatusOr<Flow> result = Flow::kNext;  // break and continue end here
    if (count == 0) result = WalkList(dot, node.else_list);
    variables_.resize(mark);
    return result;
  }

  StatusOr<Flow> Iterate(const Node& node, const Value& index, const Value& item) {
    const std::vector<std::string>& names = node.pipe->declared;
    const size_t mark = variables_.size();
    for (size_t i = 0; i < names.size(); ++i) {
      const Value& value = names.size() == 2 && i == 0 ? index : item;
      if (node.pipe->is_assign) {
        TRY(Assign(names[i], value));
      } else {  // the pipeline put it there
        variables_[mark - names.size() + i].second = value;
      }
    }
    const Flow flow = TRY(WalkList(item, node.list));
    variables_.resize(mark);
    return flow;
  }

  Status Template(const Value& dot, const Node& node) {
    const auto found = scope_.templates.find(node.text);
    if (found == scope_.templates.end()) {
      return Error(fmt::format("template {} not defined", Quote(node.text)));
    }
    Value data;
    if (node.pipe != nullptr) data = TRY(Pipeline(dot, *node.pipe));
    const Tree* outer_tree = std::exchange(tree_, found->second.get());
    const Node* outer_at = at_;
    auto outer_variables = std::exchange(variables_, {{"$", data}});
    TRY(WalkList(data, tree_->root));
    tree_ = outer_tree;
    at_ = outer_at;
    variables_ = std::move(outer_variables);
    return absl::OkStatus();
  }

  // Variables.

  Value* FindVariable(const std::string& name) {
    for (auto& [known, held] : std::views::reverse(variables_)) {
      if (known == name) return &held;
    }
    return nullptr;
  }

  Status Assign(const std::string& name, const Value& value) {
    Value* held = FindVariable(name);
    if (held == nullptr) return Error("undefined variable: " + name);
    *held = value;
    return absl::OkStatus();
  }

  // Expressions.

  StatusOr<Value> Pipeline(const Value& dot, const Node& pipe) {
    const Nesting nesting(&depth_);
    TRY(At(pipe));
    Value value = TRY(Commands(dot, pipe, pipe.children.size()));
    for (const std::string& name : pipe.declared) {
      if (pipe.is_assign) {
        TRY(Assign(name, value));
      } else {
        variables_.emplace_back(name, value);
      }
    }
    return value;
  }

  // The first `count` commands of a pipeline, each with what the one before gave.
  StatusOr<Value> Commands(const Value& dot, const Node& pipe, size_t count) {
    Value value;
    Final previous = nullptr;
    for (size_t i = 0; i < count; ++i) {
      value = TRY(Command(dot, *pipe.children[i], previous));
      TRY(Spend(CopyCost(value)));
      if (value.boxed()) value = value.Unboxed();
      previous = &value;
    }
    return value;
  }

  StatusOr<Value> Command(const Value& dot, const Node& command, Final final) {
    const Node& first = *command.children[0];
    switch (first.type) {
      case NodeType::kField:
        return FieldNode(dot, first, &command, final);
      case NodeType::kChain:
        return Chain(dot, first, &command, final);
      case NodeType::kIdentifier:
        return Call(dot, first, &command, final);
      case NodeType::kVariable:
        return Variable(dot, first, &command, final);
      case NodeType::kPipe:
        TRY(NotAFunction(&command, final));
        return Pipeline(dot, first);
      default:
        break;
    }
    TRY(At(first));
    TRY(NotAFunction(&command, final));
    if (first.type == NodeType::kNil) return Error("nil is not a command");
    if (first.type == NodeType::kDot) return dot;
    return Constant(first);
  }

  StatusOr<Value> Constant(const Node& node) {
    TRY(At(node));
    if (node.overflow) return Error(node.text + " overflows int");
    return node.constant;
  }

  Status NotAFunction(const Node* command, Final final) const {
    if (!HasArguments(command, final)) return absl::OkStatus();
    return Error("can't give argument to non-function " + NodeText(*command->children[0]));
  }

  static bool HasArguments(const Node* command, Final final) {
    return (command != nullptr && command->children.size() > 1) || final != nullptr;
  }

  StatusOr<Value> FieldNode(const Value& dot, const Node& node, const Node* command, Final final) {
    TRY(At(node));
    return FieldChain(dot, dot, node, 0, command, final);
  }

  StatusOr<Value> Variable(const Value& dot, const Node& node, const Node* command, Final final) {
    TRY(At(node));
    const Value* held = FindVariable(node.names[0]);
    if (held == nullptr) return Error("undefined variable: " + node.names[0]);
    Value value = *held;
    if (node.names.size() > 1) return FieldChain(dot, value, node, 1, command, final);
    TRY(NotAFunction(command, final));
    return value;
  }

  StatusOr<Value> Chain(const Value& dot, const Node& node, const Node* command, Final final) {
    TRY(At(node));
    const Node& operand = *node.children[0];
    if (operand.type == NodeType::kNil) {
      return Error("indirection through explicit nil in " + NodeText(node));
    }
    const Value receiver = TRY(Argument(dot, operand, 0));
    return FieldChain(dot, receiver, node, 0, command, final);
  }

  // node.names[first…] of `receiver`; the last one gets the arguments.
  StatusOr<Value> FieldChain(const Value& dot, const Value& receiver, const Node& node,
                             size_t first, const Node* command, Final final) {
    Value value = receiver;
    for (size_t i = first; i + 1 < node.names.size(); ++i) {
      value = TRY(Field(dot, value, {node, node.names[i]}, nullptr, nullptr));
    }
    return Field(dot, value, {node, node.names.back()}, command, final);
  }

  struct FieldName {
    const Node& node;  // it stands in
    const std::string& name;
  };

  StatusOr<Value> Field(const Value& dot, const Value& receiver, const FieldName& field,
                        const Node* command, Final final) {
    const std::string& name = field.name;
    if (receiver.IsNil() && !receiver.boxed()) return Value();  // no data at all
    if (receiver.IsNil()) {
      return Error(fmt::format("nil pointer evaluating interface {{}}.{}", name));
    }
    const Function* method = receiver.FindMethod(name);
    const std::optional<Function> timed =
        method == nullptr ? FindTimeMethod(receiver, name) : std::nullopt;
    if (timed.has_value()) method = &*timed;
    if (method != nullptr) return Invoke(dot, {*method, name, field.node}, command, final);
    const Object* object = receiver.AsObject();
    const bool map = object != nullptr && object->kind == Object::Kind::kMap;
    const Value* value = object != nullptr ? object->Find(name) : nullptr;
    if ((map || value != nullptr) && HasArguments(command, final)) {
      return Error(name + (map ? " is not a method but has arguments"
                               : " has arguments but cannot be invoked as function"));
    }
    if (value != nullptr) return Item(*value, object->any_values);
    if (map && !scope_.missing_key_zero) return Value();
    if (map) return object->any_values ? Value().Boxed() : Value("");
    return Error(fmt::format("can't evaluate field {} in type {}", name, StaticTypeName(receiver)));
  }

  // Calls.

  // A value as an argument for a parameter of the type (0: any), without arguments of its own.
  // It is a copy, and there may be many before the call.
  StatusOr<Value> Argument(const Value& dot, const Node& node, char type) {
    const Nesting nesting(&depth_);
    TRY(At(node));
    Value value = TRY(ArgumentValue(dot, node, type));
    TRY(Spend(CopyCost(value)));
    return value;
  }

  StatusOr<Value> ArgumentValue(const Value& dot, const Node& node, char type) {
    switch (node.type) {
      case NodeType::kDot:
        return Fit(dot, type);
      case NodeType::kNil:
        if (type == 0 || TypeTakesNil(type)) return Value();
        return Error(fmt::format("cannot assign nil to {}", ParameterTypeName(type)));
      case NodeType::kPipe:
        return Fit(TRY(Pipeline(dot, node)), type);
      case NodeType::kField:
        return Fit(TRY(FieldNode(dot, node, nullptr, nullptr)), type);
      case NodeType::kChain:
        return Fit(TRY(Chain(dot, node, nullptr, nullptr)), type);
      case NodeType::kIdentifier:
        return Fit(TRY(Call(dot, node, nullptr, nullptr)), type);
      case NodeType::kVariable:
        return Fit(TRY(Variable(dot, node, nullptr, nullptr)), type);
      default:
        return ConstantArgument(node, type);
    }
  }

  // A literal takes the type of its parameter, where it can.
  StatusOr<Value> ConstantArgument(const Node& node, char type) {
    const Value::Data& data = node.constant.data();
    switch (type) {
      case 's':
        if (std::holds_alternative<std::string>(data)) return node.constant;
        return Error("expected string; found " + node.text);
      case 'i':
      case 'd':
        if (std::holds_alternative<std::string>(data) || std::holds_alternative<bool>(data) ||
            !node.integer.has_value()) {
          return Error("expected integer; found " + node.text);
        }
        return type == 'i' ? Value(*node.integer) : Value(Duration{*node.integer});
      case 0:
      case 'a':
      case 'r':
        return Constant(node);
      default:
        return Error(
            fmt::format("can't handle {} for arg of type {}", node.text, ParameterTypeName(type)));
    }
  }

  // `value` as an argument of the type, or the error that it does not fit.
  StatusOr<Value> Fit(const Value& value, char type) const {
    if (type == 0 || type == 'r') return value;
    if (type == 'a') return value.boxed() ? value.Unboxed() : value;
    if (value.IsNil() && !value.boxed()) {
      if (TypeTakesNil(type)) return Value();
      return Error(fmt::format("invalid value; expected {}", ParameterTypeName(type)));
    }
    if (TypeTakes(type, value)) return value;
    return Error(fmt::format("wrong type for value; expected {}; got {}", ParameterTypeName(type),
                             value.IsNil() ? StaticTypeName(value) : TypeName(value)));
  }

  StatusOr<Value> Call(const Value& dot, const Node& node, const Node* command, Final final) {
    TRY(At(node));
    const std::string& name = node.text;
    auto found = scope_.bound.find(name);
    bool own = found != scope_.bound.end();
    if (!own) {
      found = scope_.functions.find(name);
      own = found != scope_.functions.end();
    }
    if (!own) {
      found = BuiltinFunctions().find(name);
      if (found == BuiltinFunctions().end()) {
        return Error(fmt::format("{} is not a defined function", Quote(name)));
      }
    }
    // Go names the whole command where a function fails.
    const Node& where = command != nullptr ? *command : node;
    const Callee callee{found->second, name, where, !own && name == "call"};
    if (!own && (name == "and" || name == "or")) {
      TRY(CheckCounts(callee, command, final));
      return ShortCircuit(dot, name == "or", command, final);
    }
    return Invoke(dot, callee, command, final);
  }

  // Go's reflect.Value.String.
  static std::string Described(const Value& value) {
    if (value.IsNil()) return "<invalid Value>";
    return value.AsString() != nullptr ? *value.AsString() : "<" + TypeName(value) + " Value>";
  }

  Status CheckCounts(const Callee& callee, const Node* command, Final final) const {
    const Signature signature(callee.function.params);
    const size_t written = command != nullptr ? command->children.size() - 1 : 0;
    const size_t count = written + (final != nullptr ? 1 : 0);
    const size_t fixed = signature.fixed();
    if (!signature.known() || count == fixed || (signature.variadic() && count > fixed)) {
      return absl::OkStatus();
    }
    return Error(fmt::format("wrong number of args for {}: want {}{} got {}", callee.name,
                             signature.variadic() ? "at least " : "", fixed,
                             signature.variadic() ? written : count));
  }

  // The first operand that decides, the rest unevaluated.
  StatusOr<Value> ShortCircuit(const Value& dot, bool stop_at, const Node* command, Final final) {
    Value value;
    for (size_t i = 1; command != nullptr && i < command->children.size(); ++i) {
      value = TRY(Argument(dot, *command->children[i], 'r'));
      if (IsTrue(value) == stop_at) return value;
    }
    return final != nullptr ? *final : value;
  }

  StatusOr<Value> Invoke(const Value& dot, const Callee& callee, const Node* command, Final final) {
    const Signature signature(callee.function.params);
    TRY(CheckCounts(callee, command, final));
    std::vector<Value> args;
    for (size_t i = 1; command != nullptr && i < command->children.size(); ++i) {
      args.push_back(TRY(Argument(dot, *command->children[i], signature.TypeAt(i - 1))));
    }
    if (final != nullptr) args.push_back(TRY(Fit(*final, signature.TypeAt(args.size()))));
    size_t cost = callee.function.steps != nullptr ? callee.function.steps(args) : 0;
    if (final != nullptr) cost += CopyCost(*final);
    TRY(Spend(cost));
    if (callee.is_call) {
      const bool written = command != nullptr && command->children.size() > 1;
      args.emplace(args.begin(), written ? NodeText(*command->children[1]) : Described(*final));
    }
    return Checked(callee, callee.function(args));
  }

  // A result that is not too large, or the error in Go's words.
  StatusOr<Value> Checked(const Callee& callee, StatusOr<Value> result) {
    if (!result.ok()) {
      const std::string message = Message(result.status());
      if (absl::IsUnimplemented(result.status())) return Error(message);
      at_ = &callee.node;
      return Error(fmt::format("error calling {}: {}", callee.name, message));
    }
    if (result->depth() > kMaxValueDepth) {
      return Error(
          fmt::format("result of {} is nested more than {} deep", callee.name, kMaxValueDepth));
    }
    if (const List* list = result->AsList()) {
      size_t cost = list->size();
      for (const Value& item : *list) cost += CopyCost(item);
      TRY(Spend(cost));
    }
    if (const std::string* text = result->AsString(); text != nullptr) {
      const size_t limit = callee.function.max_result;
      if (text->size() > limit) {
        return Error(fmt::format("result of {} is larger than {} MiB", callee.name, limit >> 20));
      }
    }
    return result;
  }

  const ExecScope& scope_;
  const Tree* tree_;
  const Node* at_ = nullptr;
  std::vector<std::pair<std::string, Value>> variables_;
  std::string out_;
  HtmlContext html_;
  size_t steps_ = 0;
  int depth_ = 0;
};

}  // namespace

StatusOr<std::string> ExecuteTree(const ExecScope& scope, const Tree& tree, const Value& data) {
  return Executor(scope, tree, data).Run(data);
}

}  // namespace outrider::tmpl
