// SPDX-License-Identifier: Apache-2.0
// Recursive descent over the tokens; one class, as every rule of the grammar shares the read-ahead.
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
      if (Peek().type == TokenType::kLeftDelim) {
        const Token delim = Next();
        if (NextNonSpace().type == TokenType::kDefine) {
          TRY(Define());
          continue;
        }
        Backup2(delim);
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
  // What a template under way needs; {{define}} and {{block}} begin one of their own.
  struct State {
    Token token[3];       // read ahead, the last one first
    int peek_count = 0;   // of them
    int action_line = 0;  // where the current action began
    int range_depth = 0;
    std::vector<std::string> variables = {"$"};
  };

  // Token access with up to three tokens of read-ahead. Errors tell the line of token[0], which is
  // the last one read from the lexer.
  Token FromLexer() {
    const Token& token = tokens_[next_];
    if (next_ + 1 < tokens_.size()) ++next_;
    return token;
  }
  Token Next() {
    if (state_.peek_count > 0) {
      --state_.peek_count;
    } else {
      state_.token[0] = FromLexer();
    }
    return state_.token[state_.peek_count];
  }
  void Backup() { ++state_.peek_count; }
  void Backup2(const Token& before) {
    state_.token[1] = before;
    state_.peek_count = 2;
  }
  void Backup3(const Token& first, const Token& second) {
    state_.token[1] = second;
    state_.token[2] = first;
    state_.peek_count = 3;
  }
  Token Peek() {
    if (state_.peek_count == 0) {
      state_.peek_count = 1;
      state_.token[0] = FromLexer();
    }
    return state_.token[state_.peek_count - 1];
  }
  Token NextNonSpace() {
    Token token = Next();
    while (token.type == TokenType::kSpace) token = Next();
    return token;
  }
  Token PeekNonSpace() {
    Token token = NextNonSpace();
    Backup();
    return token;
  }

  Status Error(const std::string& message) const {
    return InvalidArgument(
        fmt::format("template: {}:{}: {}", name_, state_.token[0].line, message));
  }
  Status Unexpected(const Token& token, std::string_view context) const {
    if (token.type == TokenType::kError) {
      std::string extra;
      if (state_.action_line != 0 && state_.action_line != token.line) {
        extra = fmt::format(" in action started at {}:{}", name_, state_.action_line);
        if (token.text.ends_with(" action")) extra.erase(0, sizeof(" in action") - 1);
      }
      return Error(token.text + extra);
    }
    return Error(fmt::format("unexpected {} in {}", DescribeToken(token), context));
  }
  Status Expect(TokenType type, std::string_view context) {
    const Token token = NextNonSpace();
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
    const Token token = NextNonSpace();
    if (token.type == TokenType::kText) {
      NodePtr node = NewNode(NodeType::kText, token);
      node->text = token.text;
      return node;
    }
    if (token.type != TokenType::kLeftDelim) return Unexpected(token, "input");
    state_.action_line = token.line;
    auto node = Action(end);
    state_.action_line = 0;
    return node;
  }

  StatusOr<NodePtr> Action(ListEnd* end) {
    const Token token = NextNonSpace();
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
        return TemplateCall();
      case TokenType::kBlock:
        return Block();
      default:
        break;
    }
    Backup();
    NodePtr node = NewNode(NodeType::kAction, Peek());
    node->pipe = TRY(Pipeline("command", TokenType::kRightDelim));
    return node;
  }

  StatusOr<NodePtr> LoopJump(NodeType type, const Token& token) {
    const std::string word = fmt::format("{{{{{}}}}}", token.text);
    const Token close = NextNonSpace();
    if (close.type != TokenType::kRightDelim) return Unexpected(close, word);
    if (state_.range_depth == 0) return Error(word + " outside {{range}}");
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
    return Error("unexpected EOF");
  }

  StatusOr<NodePtr> Control(NodeType type, const char* context, const Token& token) {
    const size_t variables = state_.variables.size();
    if (++depth_ > kMaxParseDepth) return Error("template nested too deeply");
    NodePtr node = NewNode(type, token);
    node->text = fmt::format("{{{{{}}}}}", context);
    node->pipe = TRY(Pipeline(context, TokenType::kRightDelim));
    state_.range_depth += type == NodeType::kRange ? 1 : 0;
    ListEnd end = TRY(ItemList(&node->list));
    state_.range_depth -= type == NodeType::kRange ? 1 : 0;
    if (end == ListEnd::kElse) {
      const Token after = Peek();
      const bool chained = (type == NodeType::kIf && after.type == TokenType::kIf) ||
                           (type == NodeType::kWith && after.type == TokenType::kWith);
      if (chained) {  // {{else if}} shares the {{end}} of its {{if}}
        node->else_list.push_back(TRY(Control(type, context, Next())));
      } else {
        end = TRY(ItemList(&node->else_list));
        if (end != ListEnd::kEnd) return Error("expected end; found {{else}}");
      }
    }
    state_.variables.resize(variables);
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

  StatusOr<NodePtr> TemplateCall() {
    const Token token = NextNonSpace();
    NodePtr node = NewNode(NodeType::kTemplate, token);  // errors point at the name
    node->text = TRY(TemplateName(token, "template clause"));
    if (NextNonSpace().type == TokenType::kRightDelim) return node;
    Backup();
    node->pipe = TRY(Pipeline("template clause", TokenType::kRightDelim));
    return node;
  }

  Status Define() {
    State outer = std::exchange(state_, State());
    const std::string name = TRY(TemplateName(NextNonSpace(), "define clause"));
    TRY(Expect(TokenType::kRightDelim, "define clause"));
    NodeList body;
    const ListEnd end = TRY(ItemList(&body));
    if (end != ListEnd::kEnd) return Error("unexpected {{else}} in define clause");
    TRY(AddTree(name, std::move(body)));
    state_ = std::move(outer);
    return absl::OkStatus();
  }

  StatusOr<NodePtr> Block() {
    const Token token = NextNonSpace();
    NodePtr node = NewNode(NodeType::kTemplate, token);
    node->text = TRY(TemplateName(token, "block clause"));
    node->pipe = TRY(Pipeline("block clause", TokenType::kRightDelim));
    State outer = std::exchange(state_, State());
    NodeList body;
    const ListEnd end = TRY(ItemList(&body));
    std::swap(state_, outer);  // an error from here on is the outer template's
    if (end != ListEnd::kEnd) return Error("unexpected {{else}} in block clause");
    std::swap(state_, outer);
    TRY(AddTree(node->text, std::move(body)));
    state_ = std::move(outer);
    return node;
  }

  // Expressions.

  StatusOr<NodePtr> Pipeline(std::string_view context, TokenType end) {
    if (++depth_ > kMaxParseDepth) return Error("max expression depth exceeded");
    NodePtr pipe = NewNode(NodeType::kPipe, PeekNonSpace());
    TRY(Declarations(context, pipe.get()));
    while (true) {
      const Token token = NextNonSpace();
      if (token.type == end) break;
      if (!StartsOperand(token.type)) return Unexpected(token, context);
      Backup();
      pipe->children.push_back(TRY(Command()));
    }
    --depth_;
    TRY(CheckPipeline(*pipe, context));
    return pipe;
  }

  void Declare(const std::string& name, Node* pipe) {
    pipe->declared.push_back(name);
    state_.variables.push_back(name);
  }

  Status Declarations(std::string_view context, Node* pipe) {
    while (PeekNonSpace().type == TokenType::kVariable) {
      const Token variable = Next();
      const Token adjacent = Peek();
      const Token after = PeekNonSpace();
      if (after.type == TokenType::kAssign || after.type == TokenType::kDeclare) {
        pipe->is_assign = after.type == TokenType::kAssign;
        NextNonSpace();
        Declare(variable.text, pipe);
        return absl::OkStatus();
      }
      if (after.type != TokenType::kChar || after.text != ",") {  // an argument, no declaration
        adjacent.type == TokenType::kSpace ? Backup3(variable, adjacent) : Backup2(variable);
        return absl::OkStatus();
      }
      NextNonSpace();
      Declare(variable.text, pipe);
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
      PeekNonSpace();  // skips blanks
      NodePtr operand = TRY(Operand());
      if (operand != nullptr) command->children.push_back(std::move(operand));
      const Token token = Next();
      if (token.type == TokenType::kSpace) continue;
      if (token.type == TokenType::kRightDelim || token.type == TokenType::kRightParen) {
        Backup();
      } else if (token.type != TokenType::kPipe) {
        return Unexpected(token, "operand");
      }
      break;
    }
    if (command->children.empty()) return Error("empty command");
    return command;
  }

  StatusOr<NodePtr> Operand() {
    NodePtr node = TRY(Term());
    if (node == nullptr || Peek().type != TokenType::kField) return node;
    const Token first = Peek();
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
    const Token token = PeekNonSpace();
    if (!StartsOperand(token.type)) return NodePtr();
    NextNonSpace();
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
        if (std::find(state_.variables.begin(), state_.variables.end(), token.text) ==
            state_.variables.end()) {
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
    if (token.type == TokenType::kNumber || token.type == TokenType::kCharConstant) {
      StatusOr<Number> number =
          token.type == TokenType::kNumber ? ParseNumber(token.text) : ParseCharacter(token.text);
      if (!number.ok()) return Error(Message(number.status()));
      node->constant = number->value;
      node->integer = number->integer;
      node->overflow = number->overflow;
    } else if (token.type == TokenType::kBool) {
      node->constant = Value(token.text == "true");
    } else {
      StatusOr<std::string> text = Unquote(token.text);
      if (!text.ok()) return Error(Message(text.status()));
      node->constant = Value(*std::move(text));
    }
    return node;
  }

  std::string name_;
  std::shared_ptr<const std::string> text_;
  std::vector<Token> tokens_;
  const HasFunction& has_function_;
  size_t next_ = 0;
  State state_;
  int depth_ = 0;
  Trees trees_;
};

}  // namespace

StatusOr<Trees> ParseTemplate(const std::string& name, std::string_view text,
                              const HasFunction& has_function) {
  return Parser(name, text, has_function).Run();
}

}  // namespace outrider::tmpl
