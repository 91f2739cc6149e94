// SPDX-License-Identifier: Apache-2.0
#include "rules/template/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/template/lexer.h"
#include "rules/template/literal.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using Trees = std::vector<std::shared_ptr<const Tree>>;
using HasFunction = std::function<bool(std::string_view)>;

// How a list of statements ended.
enum class ListEnd { kEnd, kElse };

class Parser {
 public:
  Parser(const std::string& name, std::string_view text, const HasFunction& has_function)
      : name_(name),
        text_(std::make_shared<const std::string>(text)),
        tokens_(Lex(*text_)),
        has_function_(has_function) {}

  StatusOr<Trees> Run() {
    trees_.push_back(nullptr);  // the main one, known last
    NodeList root;
    while (Peek().type != TokenType::kEof) {
      if (Peek().type == TokenType::kLeftDelim && KeywordAfterDelim() == TokenType::kDefine) {
        TRY(Define());
        continue;
      }
      ListEnd end{};
      NodePtr node = TRY(TextOrAction(&end));
      if (node == nullptr) {
        return Error(fmt::format("unexpected {}", end == ListEnd::kEnd ? "{{end}}" : "{{else}}"));
      }
      root.push_back(std::move(node));
    }
    trees_[0] = MakeTree(name_, std::move(root));
    return std::move(trees_);
  }

 private:
  // Token access. kEof and kError stay current for ever.
  const Token& Peek() const { return tokens_[next_]; }
  const Token& Next() {
    const Token& token = tokens_[next_];
    line_ = token.line;
    if (next_ + 1 < tokens_.size()) ++next_;
    return token;
  }
  const Token& PeekNonSpace() {
    while (Peek().type == TokenType::kSpace) Next();
    return Peek();
  }
  const Token& NextNonSpace() {
    PeekNonSpace();
    return Next();
  }
  TokenType KeywordAfterDelim() const {
    size_t i = next_ + 1;
    while (i < tokens_.size() && tokens_[i].type == TokenType::kSpace) ++i;
    return i < tokens_.size() ? tokens_[i].type : TokenType::kEof;
  }

  Status Error(const std::string& message) const {
    return InvalidArgument(fmt::format("template: {}:{}: {}", name_, line_, message));
  }
  Status Unexpected(const Token& token, std::string_view context) const {
    if (token.type == TokenType::kError) {
      std::string extra;
      if (action_line_ != 0 && action_line_ != token.line) {
        extra = fmt::format(" in action started at {}:{}", name_, action_line_);
        if (token.text.ends_with(" action")) extra.erase(0, sizeof(" in action") - 1);
      }
      return Error(token.text + extra);
    }
    return Error(fmt::format("unexpected {} in {}", DescribeToken(token), context));
  }
  Status Expect(TokenType type, std::string_view context) {
    const Token& token = NextNonSpace();
    return token.type == type ? absl::OkStatus() : Unexpected(token, context);
  }

  static NodePtr NewNode(NodeType type, const Token& token) {
    NodePtr node = std::make_unique<Node>();
    node->type = type;
    node->pos = token.pos;
    node->line = token.line;
    return node;
  }
  std::shared_ptr<const Tree> MakeTree(std::string name, NodeList root) const {
    auto tree = std::make_shared<Tree>();
    tree->name = std::move(name);
    tree->parse_name = name_;
    tree->text = text_;
    tree->root = std::move(root);
    return tree;
  }
  Status AddTree(const std::string& name, NodeList root) {
    auto same = std::find_if(trees_.begin() + 1, trees_.end(),
                             [&](const auto& tree) { return tree->name == name; });
    if (same != trees_.end() && !IsEmptyTree((*same)->root)) {
      if (IsEmptyTree(root)) return absl::OkStatus();
      return Error(fmt::format("template: multiple definition of template {}", Quote(name)));
    }
    auto tree = MakeTree(name, std::move(root));
    if (same != trees_.end()) {
      *same = std::move(tree);
    } else {
      trees_.push_back(std::move(tree));
    }
    return absl::OkStatus();
  }

  // Statements.

  // A statement, or nullptr with *end set for {{end}} and {{else}}.
  StatusOr<NodePtr> TextOrAction(ListEnd* end) {
    const Token& token = NextNonSpace();
    if (token.type == TokenType::kText) {
      NodePtr node = NewNode(NodeType::kText, token);
      node->text = token.text;
      return node;
    }
    if (token.type != TokenType::kLeftDelim) return Unexpected(token, "input");
    action_line_ = token.line;
    auto node = Action(end);
    action_line_ = 0;
    return node;
  }

  StatusOr<NodePtr> Action(ListEnd* end) {
    const size_t start = next_;
    const Token& token = NextNonSpace();
    switch (token.type) {
      case TokenType::kEnd:
        TRY(Expect(TokenType::kRightDelim, "end"));
        *end = ListEnd::kEnd;
        return NodePtr();
      case TokenType::kElse:
        if (PeekNonSpace().type != TokenType::kIf && Peek().type != TokenType::kWith) {
          TRY(Expect(TokenType::kRightDelim, "else"));
        }
        *end = ListEnd::kElse;
        return NodePtr();
      case TokenType::kIf:
        return Control(NodeType::kIf, "if", token);
      case TokenType::kRange:
        return Control(NodeType::kRange, "range", token);
      case TokenType::kWith:
        return Control(NodeType::kWith, "with", token);
      case TokenType::kBreak:
        return LoopJump(NodeType::kBreak, token);
      case TokenType::kContinue:
        return LoopJump(NodeType::kContinue, token);
      case TokenType::kTemplate:
        return TemplateCall(token);
      case TokenType::kBlock:
        return Block(token);
      default:
        break;
    }
    next_ = start;
    NodePtr node = NewNode(NodeType::kAction, Peek());
    node->pipe = TRY(Pipeline("command", TokenType::kRightDelim));
    return node;
  }

  StatusOr<NodePtr> LoopJump(NodeType type, const Token& token) {
    const std::string word = fmt::format("{{{{{}}}}}", token.text);
    const Token& close = NextNonSpace();
    if (close.type != TokenType::kRightDelim) return Unexpected(close, word);
    if (range_depth_ == 0) return Error(word + " outside {{range}}");
    return NewNode(type, token);
  }

  // Statements up to {{end}} or {{else}}.
  StatusOr<ListEnd> ItemList(NodeList* out) {
    if (++depth_ > kMaxParseDepth) return Error("template nested too deeply");
    while (PeekNonSpace().type != TokenType::kEof) {
      ListEnd end{};
      NodePtr node = TRY(TextOrAction(&end));
      if (node == nullptr) {
        --depth_;
        return end;
      }
      out->push_back(std::move(node));
    }
    Next();
    return Error("unexpected EOF");
  }

  StatusOr<NodePtr> Control(NodeType type, const char* context, const Token& token) {
    const size_t variables = variables_.size();
    if (++depth_ > kMaxParseDepth) return Error("template nested too deeply");
    NodePtr node = NewNode(type, token);
    node->text = fmt::format("{{{{{}}}}}", context);
    node->pipe = TRY(Pipeline(context, TokenType::kRightDelim));
    range_depth_ += type == NodeType::kRange ? 1 : 0;
    ListEnd end = TRY(ItemList(&node->list));
    range_depth_ -= type == NodeType::kRange ? 1 : 0;
    if (end == ListEnd::kElse) {
      const Token& after = Peek();
      const bool chained = (type == NodeType::kIf && after.type == TokenType::kIf) ||
                           (type == NodeType::kWith && after.type == TokenType::kWith);
      if (chained) {  // {{else if}} shares the {{end}} of its {{if}}
        node->else_list.push_back(TRY(Control(type, context, Next())));
      } else {
        end = TRY(ItemList(&node->else_list));
        if (end != ListEnd::kEnd) return Error("expected end; found {{else}}");
      }
    }
    variables_.resize(variables);
    --depth_;
    return node;
  }

  StatusOr<std::string> TemplateName(const Token& token, std::string_view context) {
    if (token.type != TokenType::kString && token.type != TokenType::kRawString) {
      return Unexpected(token, context);
    }
    StatusOr<std::string> name = Unquote(token.text);
    if (!name.ok()) return Error(Message(name.status()));
    return name;
  }

  StatusOr<NodePtr> TemplateCall(const Token& token) {
    NodePtr node = NewNode(NodeType::kTemplate, token);
    node->pos = PeekNonSpace().pos;  // errors point at the name
    node->text = TRY(TemplateName(NextNonSpace(), "template clause"));
    if (PeekNonSpace().type == TokenType::kRightDelim) {
      Next();
      return node;
    }
    node->pipe = TRY(Pipeline("template clause", TokenType::kRightDelim));
    return node;
  }

  // The body of {{define}} or {{block}}, with variables of its own.
  Status Body(const std::string& name, std::string_view context) {
    std::vector<std::string> outer = std::exchange(variables_, {"$"});
    const int outer_ranges = std::exchange(range_depth_, 0);
    NodeList body;
    const ListEnd end = TRY(ItemList(&body));
    if (end != ListEnd::kEnd) return Error(fmt::format("unexpected {{{{else}}}} in {}", context));
    variables_ = std::move(outer);
    range_depth_ = outer_ranges;
    return AddTree(name, std::move(body));
  }

  Status Define() {
    Next();          // {{
    NextNonSpace();  // define
    const std::string name = TRY(TemplateName(NextNonSpace(), "define clause"));
    TRY(Expect(TokenType::kRightDelim, "define clause"));
    return Body(name, "define clause");
  }

  StatusOr<NodePtr> Block(const Token& token) {
    NodePtr node = NewNode(NodeType::kTemplate, token);
    node->text = TRY(TemplateName(NextNonSpace(), "block clause"));
    node->pipe = TRY(Pipeline("block clause", TokenType::kRightDelim));
    TRY(Body(node->text, "block clause"));
    return node;
  }

  // Expressions.

  StatusOr<NodePtr> Pipeline(std::string_view context, TokenType end) {
    if (++depth_ > kMaxParseDepth) return Error("max expression depth exceeded");
    NodePtr pipe = NewNode(NodeType::kPipe, PeekNonSpace());
    TRY(Declarations(context, pipe.get()));
    while (true) {
      const Token& token = PeekNonSpace();
      if (token.type == end) {
        Next();
        break;
      }
      if (!StartsOperand(token.type)) return Unexpected(Next(), context);
      pipe->children.push_back(TRY(Command()));
    }
    --depth_;
    TRY(CheckPipeline(*pipe, context));
    return pipe;
  }

  Status Declarations(std::string_view context, Node* pipe) {
    while (PeekNonSpace().type == TokenType::kVariable) {
      const size_t start = next_;
      const std::string name = Next().text;
      const Token& after = PeekNonSpace();
      if (after.type == TokenType::kAssign || after.type == TokenType::kDeclare) {
        pipe->is_assign = after.type == TokenType::kAssign;
        Next();
        pipe->declared.push_back(name);
        variables_.push_back(name);
        return absl::OkStatus();
      }
      if (after.type != TokenType::kChar || after.text != ",") {
        next_ = start;  // an argument, not a declaration
        return absl::OkStatus();
      }
      Next();
      pipe->declared.push_back(name);
      variables_.push_back(name);
      if (context != "range" || pipe->declared.size() >= 2) {
        return Error(fmt::format("too many declarations in {}", context));
      }
      const TokenType type = PeekNonSpace().type;
      if (type != TokenType::kVariable && type != TokenType::kRightDelim &&
          type != TokenType::kRightParen) {
        return Error("range can only initialize variables");
      }
    }
    return absl::OkStatus();
  }

  Status CheckPipeline(const Node& pipe, std::string_view context) const {
    if (pipe.children.empty()) return Error(fmt::format("missing value for {}", context));
    for (size_t i = 1; i < pipe.children.size(); ++i) {
      const NodeType type = pipe.children[i]->children[0]->type;
      if (type == NodeType::kConstant || type == NodeType::kDot || type == NodeType::kNil) {
        return Error(fmt::format("non executable command in pipeline stage {}", i + 1));
      }
    }
    return absl::OkStatus();
  }

  static bool StartsOperand(TokenType type) {
    switch (type) {
      case TokenType::kBool:
      case TokenType::kCharConstant:
      case TokenType::kDot:
      case TokenType::kField:
      case TokenType::kIdentifier:
      case TokenType::kNumber:
      case TokenType::kNil:
      case TokenType::kRawString:
      case TokenType::kString:
      case TokenType::kVariable:
      case TokenType::kLeftParen:
        return true;
      default:
        return false;
    }
  }

  StatusOr<NodePtr> Command() {
    NodePtr command = NewNode(NodeType::kCommand, PeekNonSpace());
    while (true) {
      NodePtr operand = TRY(Operand());
      if (operand != nullptr) command->children.push_back(std::move(operand));
      const Token& token = Peek();
      if (token.type == TokenType::kSpace) {
        Next();
        continue;
      }
      if (token.type == TokenType::kRightDelim || token.type == TokenType::kRightParen) break;
      if (token.type == TokenType::kPipe) {
        Next();
        break;
      }
      return Unexpected(Next(), "operand");
    }
    if (command->children.empty()) return Error("empty command");
    return command;
  }

  StatusOr<NodePtr> Operand() {
    NodePtr node = TRY(Term());
    if (node == nullptr || Peek().type != TokenType::kField) return node;
    const Token& first = Peek();
    std::vector<std::string> fields;
    while (Peek().type == TokenType::kField) fields.push_back(Next().text.substr(1));
    switch (node->type) {
      case NodeType::kField:
      case NodeType::kVariable:
        node->pos = first.pos;
        node->names.insert(node->names.end(), fields.begin(), fields.end());
        return node;
      case NodeType::kConstant:
      case NodeType::kNil:
      case NodeType::kDot:
        return Error(fmt::format("unexpected . after term {}", Quote(NodeText(*node))));
      default:
        break;
    }
    NodePtr chain = NewNode(NodeType::kChain, first);
    chain->children.push_back(std::move(node));
    chain->names = std::move(fields);
    return chain;
  }

  // An operand without its fields, or nullptr.
  StatusOr<NodePtr> Term() {
    const Token& token = PeekNonSpace();
    if (!StartsOperand(token.type)) return NodePtr();
    Next();
    switch (token.type) {
      case TokenType::kLeftParen:
        return Pipeline("parenthesized pipeline", TokenType::kRightParen);
      case TokenType::kDot:
        return NewNode(NodeType::kDot, token);
      case TokenType::kNil:
        return NewNode(NodeType::kNil, token);
      case TokenType::kIdentifier: {
        if (!has_function_(token.text)) {
          return Error(fmt::format("function {} not defined", Quote(token.text)));
        }
        NodePtr node = NewNode(NodeType::kIdentifier, token);
        node->text = token.text;
        return node;
      }
      case TokenType::kField: {
        NodePtr node = NewNode(NodeType::kField, token);
        node->names.push_back(token.text.substr(1));
        return node;
      }
      case TokenType::kVariable: {
        if (std::find(variables_.begin(), variables_.end(), token.text) == variables_.end()) {
          return Error(fmt::format("undefined variable {}", Quote(token.text)));
        }
        NodePtr node = NewNode(NodeType::kVariable, token);
        node->names.push_back(token.text);
        return node;
      }
      default:
        return Constant(token);
    }
  }

  StatusOr<NodePtr> Constant(const Token& token) {
    NodePtr node = NewNode(NodeType::kConstant, token);
    node->text = token.text;
    StatusOr<Value> value = Value(token.text == "true");
    if (token.type == TokenType::kNumber) {
      value = ParseNumber(token.text);
    } else if (token.type == TokenType::kCharConstant) {
      value = ParseCharacter(token.text);
    } else if (token.type != TokenType::kBool) {
      StatusOr<std::string> text = Unquote(token.text);
      value = text.ok() ? StatusOr<Value>(Value(*std::move(text))) : text.status();
    }
    if (!value.ok()) return Error(Message(value.status()));
    node->constant = *std::move(value);
    return node;
  }

  std::string name_;
  std::shared_ptr<const std::string> text_;
  std::vector<Token> tokens_;
  const HasFunction& has_function_;
  size_t next_ = 0;
  int line_ = 1;         // of the last token read
  int action_line_ = 0;  // where the current action began
  int depth_ = 0;
  int range_depth_ = 0;
  std::vector<std::string> variables_ = {"$"};
  Trees trees_;
};

}  // namespace

StatusOr<Trees> ParseTemplate(const std::string& name, std::string_view text,
                              const HasFunction& has_function) {
  return Parser(name, text, has_function).Run();
}

}  // namespace outrider::tmpl
