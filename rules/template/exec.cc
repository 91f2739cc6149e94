// SPDX-License-Identifier: Apache-2.0
#include "rules/template/exec.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ranges>
#include <utility>

#include "rules/template/format_verb.h"
#include "rules/template/html_context.h"
#include "rules/template/time_format.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

// What a statement asks of the loop around it.
enum class Flow { kNext, kBreak, kContinue };

// The value a pipeline hands to its next command; nullptr at the first one.
using Final = const Value*;

class Executor {
 public:
  Executor(const ExecScope& scope, const Tree& tree, const Value& data)
      : scope_(scope), tree_(&tree), variables_({{"$", data}}) {}

  StatusOr<std::string> Run(const Value& data) {
    TRY(Walk(data, tree_->root));
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

  Status Error(const Node& node, const std::string& message) const {
    const std::string_view before = std::string_view(*tree_->text).substr(0, node.pos);
    const size_t newline = before.rfind('\n');
    const size_t column = newline == std::string_view::npos ? node.pos : node.pos - newline - 1;
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    return InvalidArgument(fmt::format("template: {}:{}:{}: executing {} at <{}>: {}",
                                       tree_->parse_name, line, column, Quote(tree_->name),
                                       NodeText(node), message));
  }

  Status Spend(const Node& node, size_t steps = 1) {
    steps_ += steps;
    if (steps_ > kMaxSteps) return Error(node, "too many steps");
    if (depth_ > kMaxExecDepth) {
      return Error(node, fmt::format("exceeded maximum template depth ({})", kMaxExecDepth));
    }
    return absl::OkStatus();
  }

  Status Write(const Node& node, std::string_view text) {
    if (out_.size() + text.size() > kMaxOutput) return Error(node, "output is larger than 1 MiB");
    out_ += text;
    return absl::OkStatus();
  }

  // Statements.

  StatusOr<Flow> Walk(const Value& dot, const NodeList& list) {
    for (const NodePtr& node : list) {
      const Flow flow = TRY(Walk(dot, *node));
      if (flow != Flow::kNext) return flow;
    }
    return Flow::kNext;
  }

  StatusOr<Flow> Walk(const Value& dot, const Node& node) {
    const Nesting nesting(&depth_);
    TRY(Spend(node));
    switch (node.type) {
      case NodeType::kText:
        if (scope_.escape_html) html_.Feed(node.text);
        TRY(Write(node, node.text));
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
        return Error(node, "not a statement");
    }
  }

  Status Action(const Value& dot, const Node& node) {
    const Value value = TRY(Pipeline(dot, *node.pipe));
    if (!node.pipe->declared.empty()) return absl::OkStatus();
    if (!scope_.escape_html) return Write(node, PrintableText(value));
    const Node& last = *node.pipe->children.back()->children[0];
    const std::string_view function =
        last.type == NodeType::kIdentifier ? std::string_view(last.text) : std::string_view();
    return Write(node, html_.Escape(value, function));
  }

  StatusOr<Flow> IfOrWith(const Value& dot, const Node& node) {
    const size_t mark = variables_.size();
    const Value value = TRY(Pipeline(dot, *node.pipe));
    StatusOr<Flow> flow = Flow::kNext;
    if (IsTrue(value)) {
      flow = Walk(node.type == NodeType::kWith ? value : dot, node.list);
    } else {
      flow = Walk(dot, node.else_list);
    }
    variables_.resize(mark);
    return flow;
  }

  // How many turns a range over the value takes; -1 where it cannot be ranged over.
  static int64_t TurnCount(const Value& value) {
    if (value.IsNil()) return 0;
    if (const List* list = value.AsList()) return static_cast<int64_t>(list->size());
    if (const int64_t* count = std::get_if<int64_t>(&value.data()))
      return std::max<int64_t>(*count, 0);
    const Object* object = value.AsObject();
    const bool map = object != nullptr && object->kind == Object::Kind::kMap;
    return map ? static_cast<int64_t>(object->fields.size()) : -1;
  }

  // Index or key, and item.
  static std::pair<Value, Value> Turn(const Value& value, int64_t turn) {
    const auto index = static_cast<size_t>(turn);
    if (const List* list = value.AsList()) return {Value(turn), (*list)[index]};
    if (const Object* object = value.AsObject()) {
      return {Value(object->fields[index].first), object->fields[index].second};
    }
    return {Value(turn), Value(turn)};
  }

  StatusOr<Flow> Range(const Value& dot, const Node& node) {
    const size_t mark = variables_.size();
    const Value value = TRY(Pipeline(dot, *node.pipe));
    const int64_t count = TurnCount(value);
    if (count < 0) return Error(*node.pipe, "range can't iterate over " + PrintableText(value));
    Flow flow = Flow::kNext;
    for (int64_t i = 0; i < count && flow != Flow::kBreak; ++i) {
      const auto turn = Turn(value, i);
      flow = TRY(Iterate(node, turn.first, turn.second));
    }
    StatusOr<Flow> result = Flow::kNext;  // break and continue end here
    if (count == 0) result = Walk(dot, node.else_list);
    variables_.resize(mark);
    return result;
  }

  StatusOr<Flow> Iterate(const Node& node, const Value& index, const Value& item) {
    const std::vector<std::string>& names = node.pipe->declared;
    const size_t mark = variables_.size();
    for (size_t i = 0; i < names.size(); ++i) {
      const Value& value = names.size() == 2 && i == 0 ? index : item;
      if (node.pipe->is_assign) {
        TRY(Assign(*node.pipe, names[i], value));
      } else {
        variables_.emplace_back(names[i], value);
      }
    }
    TRY(Spend(node));
    const Flow flow = TRY(Walk(item, node.list));
    variables_.resize(mark);
    return flow;
  }

  Status Template(const Value& dot, const Node& node) {
    const auto found = scope_.templates.find(node.text);
    if (found == scope_.templates.end()) {
      return Error(node, fmt::format("template {} not defined", Quote(node.text)));
    }
    Value data;
    if (node.pipe != nullptr) data = TRY(Pipeline(dot, *node.pipe));
    const Tree* outer_tree = std::exchange(tree_, found->second.get());
    auto outer_variables = std::exchange(variables_, {{"$", data}});
    TRY(Walk(data, tree_->root));
    tree_ = outer_tree;
    variables_ = std::move(outer_variables);
    return absl::OkStatus();
  }

  // Variables.

  Status Assign(const Node& node, const std::string& name, const Value& value) {
    for (auto& [known, held] : std::views::reverse(variables_)) {
      if (known != name) continue;
      held = value;
      return absl::OkStatus();
    }
    return Error(node, "undefined variable: " + name);
  }

  // Expressions.

  StatusOr<Value> Pipeline(const Value& dot, const Node& pipe) {
    const Nesting nesting(&depth_);
    TRY(Spend(pipe));
    Value value;
    Final previous = nullptr;
    for (const NodePtr& command : pipe.children) {
      value = TRY(Command(dot, *command, previous));
      previous = &value;
    }
    const bool loop_variables = pipe.declared.size() == 2;
    for (const std::string& name : pipe.declared) {
      // The two variables of a range are set at each turn.
      if (loop_variables) break;
      if (pipe.is_assign) {
        TRY(Assign(pipe, name, value));
      } else {
        variables_.emplace_back(name, value);
      }
    }
    return value;
  }

  StatusOr<Value> Command(const Value& dot, const Node& command, Final final) {
    TRY(Spend(command));
    const Node& first = *command.children[0];
    switch (first.type) {
      case NodeType::kField:
        return FieldChain(dot, dot, first, 0, &command, final);
      case NodeType::kChain:
        return Chain(dot, first, &command, final);
      case NodeType::kIdentifier:
        return Function(dot, first, &command, final);
      case NodeType::kVariable:
        return Variable(dot, first, &command, final);
      default:
        break;
    }
    if (command.children.size() > 1 || final != nullptr) {
      return Error(first, "can't give argument to non-function " + NodeText(first));
    }
    if (first.type == NodeType::kNil) return Error(first, "nil is not a command");
    return Operand(dot, first);
  }

  // A value as an argument, without arguments of its own.
  StatusOr<Value> Operand(const Value& dot, const Node& node) {
    const Nesting nesting(&depth_);
    TRY(Spend(node));
    switch (node.type) {
      case NodeType::kConstant:
        return node.constant;
      case NodeType::kDot:
        return dot;
      case NodeType::kNil:
        return Value();
      case NodeType::kPipe:
        return Pipeline(dot, node);
      case NodeType::kField:
        return FieldChain(dot, dot, node, 0, nullptr, nullptr);
      case NodeType::kChain:
        return Chain(dot, node, nullptr, nullptr);
      case NodeType::kIdentifier:
        return Function(dot, node, nullptr, nullptr);
      case NodeType::kVariable:
        return Variable(dot, node, nullptr, nullptr);
      default:
        return Error(node, "can't handle " + NodeText(node));
    }
  }

  StatusOr<Value> Variable(const Value& dot, const Node& node, const Node* command, Final final) {
    for (const auto& [name, held] : std::views::reverse(variables_)) {
      if (name != node.names[0]) continue;
      Value value = held;
      if (node.names.size() > 1) return FieldChain(dot, value, node, 1, command, final);
      if ((command != nullptr && command->children.size() > 1) || final != nullptr) {
        return Error(node, "can't give argument to non-function " + node.names[0]);
      }
      return value;
    }
    return Error(node, "undefined variable: " + node.names[0]);
  }

  StatusOr<Value> Chain(const Value& dot, const Node& node, const Node* command, Final final) {
    const Node& operand = *node.children[0];
    if (operand.type == NodeType::kNil) {
      return Error(node, "indirection through explicit nil in " + NodeText(node));
    }
    const Value receiver = TRY(Operand(dot, operand));
    return FieldChain(dot, receiver, node, 0, command, final);
  }

  // node.names[first…] of `receiver`; the last one gets the arguments.
  StatusOr<Value> FieldChain(const Value& dot, const Value& receiver, const Node& node,
                             size_t first, const Node* command, Final final) {
    if (receiver.IsNil() && node.type == NodeType::kField) return Value();  // no data at all
    Value value = receiver;
    for (size_t i = first; i + 1 < node.names.size(); ++i) {
      value = TRY(Field(dot, value, node, node.names[i], nullptr, nullptr));
    }
    return Field(dot, value, node, node.names.back(), command, final);
  }

  StatusOr<Value> Field(const Value& dot, const Value& receiver, const Node& node,
                        const std::string& name, const Node* command, Final final) {
    if (receiver.IsNil()) {
      return Error(node, fmt::format("nil pointer evaluating interface {{}}.{}", name));
    }
    std::optional<Value> called = TRY(TryMethod(dot, receiver, node, name, command, final));
    if (called.has_value()) return *std::move(called);
    const Object* object = receiver.AsObject();
    const bool map = object != nullptr && object->kind == Object::Kind::kMap;
    const Value* value = object != nullptr ? object->Find(name) : nullptr;
    const bool has_args = (command != nullptr && command->children.size() > 1) || final != nullptr;
    if (has_args && (map || value != nullptr)) {
      return Error(node, name + (map ? " is not a method but has arguments"
                                     : " has arguments but cannot be invoked as function"));
    }
    if (value != nullptr) return *value;
    if (map) return object->any_values || !scope_.missing_key_zero ? Value() : Value("");
    return Error(node, fmt::format("can't evaluate field {} in type {}", name, TypeName(receiver)));
  }

  // What the method `name` of the receiver gives, or nothing where it has none.
  StatusOr<std::optional<Value>> TryMethod(const Value& dot, const Value& receiver,
                                           const Node& node, const std::string& name,
                                           const Node* command, Final final) {
    const Method* method = receiver.FindMethod(name);
    const Time* time = std::get_if<Time>(&receiver.data());
    const Duration* duration = std::get_if<Duration>(&receiver.data());
    if (method == nullptr && time == nullptr && duration == nullptr) return std::optional<Value>();
    const std::vector<Value> args = TRY(Arguments(dot, command, final));
    StatusOr<Value> result = method != nullptr ? (*method)(args)
                             : time != nullptr ? CallTimeMethod(*time, name, args)
                                               : CallDurationMethod(*duration, name, args);
    if (method == nullptr && absl::IsNotFound(result.status())) return std::optional<Value>();
    return std::optional<Value>(TRY(Checked(node, name, std::move(result))));
  }

  // The evaluated arguments of a command, its final one included.
  StatusOr<std::vector<Value>> Arguments(const Value& dot, const Node* command, Final final) {
    std::vector<Value> args;
    for (size_t i = 1; command != nullptr && i < command->children.size(); ++i) {
      args.push_back(TRY(Operand(dot, *command->children[i])));
    }
    if (final != nullptr) args.push_back(*final);
    return args;
  }

  StatusOr<Value> Function(const Value& dot, const Node& node, const Node* command, Final final) {
    const std::string& name = node.text;
    auto found = scope_.functions.find(name);
    const bool own = found != scope_.functions.end();
    if (!own && (name == "and" || name == "or")) {
      return ShortCircuit(dot, node, command, final);
    }
    if (!own) {
      found = BuiltinFunctions().find(name);
      if (found == BuiltinFunctions().end()) {
        return Error(node, fmt::format("{} is not a defined function", Quote(name)));
      }
    }
    const std::vector<Value> args = TRY(Arguments(dot, command, final));
    // Go names the whole command where a function fails, but the function where its arguments do.
    return Checked(node, name, found->second(args), command);
  }

  // The first operand that decides, the rest unevaluated.
  StatusOr<Value> ShortCircuit(const Value& dot, const Node& node, const Node* command,
                               Final final) {
    const size_t count = command != nullptr ? command->children.size() : 1;
    if (count == 1 && final == nullptr) {
      return Error(node,
                   fmt::format("wrong number of args for {}: want at least 1 got 0", node.text));
    }
    Value value;
    for (size_t i = 1; i < count; ++i) {
      value = TRY(Operand(dot, *command->children[i]));
      if (IsTrue(value) == (node.text == "or")) return value;
    }
    return final != nullptr ? *final : value;
  }

  // A result that is not too large, or the error in Go's words (args.h tells the kinds apart).
  StatusOr<Value> Checked(const Node& node, const std::string& name, StatusOr<Value> result,
                          const Node* command = nullptr) {
    if (!result.ok()) {
      const std::string message = Message(result.status());
      if (absl::IsOutOfRange(result.status())) {
        return Error(node, fmt::format("wrong number of args for {}: {}", name, message));
      }
      if (absl::IsUnimplemented(result.status())) return Error(node, message);
      return Error(command != nullptr ? *command : node,
                   fmt::format("error calling {}: {}", name, message));
    }
    if (const List* list = result->AsList()) TRY(Spend(node, list->size()));
    if (const std::string* text = result->AsString();
        text != nullptr && text->size() > kMaxOutput) {
      return Error(node, fmt::format("result of {} is larger than 1 MiB", name));
    }
    return result;
  }

  const ExecScope& scope_;
  const Tree* tree_;
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
