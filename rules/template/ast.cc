// SPDX-License-Identifier: Apache-2.0
#include "rules/template/ast.h"

#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

std::string Dotted(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += "." + name;
  return out;
}

std::string PipeText(const Node& pipe) {
  std::string out = Join(pipe.declared, ", ");
  if (!out.empty()) out += pipe.is_assign ? " = " : " := ";
  for (size_t i = 0; i < pipe.children.size(); ++i) {
    out += (i > 0 ? " | " : "") + NodeText(*pipe.children[i]);
  }
  return out;
}

std::string Operand(const Node& node) {
  return node.type == NodeType::kPipe ? "(" + NodeText(node) + ")" : NodeText(node);
}

std::string CommandText(const Node& command) {
  std::string out;
  for (size_t i = 0; i < command.children.size(); ++i) {
    out += (i > 0 ? " " : "") + Operand(*command.children[i]);
  }
  return out;
}

}  // namespace

std::string NodeText(const Node& node) {
  switch (node.type) {
    case NodeType::kPipe:
      return PipeText(node);
    case NodeType::kCommand:
      return CommandText(node);
    case NodeType::kField:
      return Dotted(node.names);
    case NodeType::kVariable:
      return Join(node.names, ".");
    case NodeType::kChain:
      return Operand(*node.children[0]) + Dotted(node.names);
    case NodeType::kDot:
      return ".";
    case NodeType::kNil:
      return "nil";
    case NodeType::kAction:
      return "{{" + NodeText(*node.pipe) + "}}";
    case NodeType::kTemplate:
      return "{{template " + Quote(node.text) +
             (node.pipe != nullptr ? " " + NodeText(*node.pipe) : "") + "}}";
    case NodeType::kBreak:
      return "{{break}}";
    case NodeType::kContinue:
      return "{{continue}}";
    case NodeType::kText:
    case NodeType::kIdentifier:
    case NodeType::kConstant:
    case NodeType::kIf:
    case NodeType::kRange:
    case NodeType::kWith:
      return node.text;
  }
  return node.text;
}

bool IsEmptyTree(const NodeList& root) {
  for (const NodePtr& node : root) {
    if (node->type != NodeType::kText || !Trim(node->text).empty()) return false;
  }
  return true;
}

}  // namespace outrider::tmpl
