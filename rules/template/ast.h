// SPDX-License-Identifier: Apache-2.0
// The tree of a template: what parser.h makes and exec.h walks. Immutable once parsed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/template/value.h"

namespace outrider::tmpl {

enum class NodeType {
  // statements
  kText,      // text
  kAction,    // pipe
  kIf,        // pipe, list, else_list
  kRange,     // pipe, list, else_list
  kWith,      // pipe, list, else_list
  kTemplate,  // text = the name, pipe (may be null)
  kBreak,
  kContinue,
  // expressions
  kPipe,        // children = commands, declared = variables, is_assign
  kCommand,     // children = operands
  kField,       // names, of dot
  kVariable,    // names[0] is the variable with its $, then fields
  kChain,       // children[0] is the operand, names its fields
  kIdentifier,  // text = a function
  kConstant,    // constant; text = the source
  kDot,
  kNil,
};

struct Node;
using NodePtr = std::unique_ptr<Node>;
using NodeList = std::vector<NodePtr>;

struct Node {
  NodeType type = NodeType::kText;
  size_t pos = 0;  // byte offset in the text
  int line = 1;
  std::string text;
  std::vector<std::string> names;
  Value constant;
  std::optional<int64_t> integer;  // kConstant: a number that an int parameter takes
  bool overflow = false;           // kConstant: an integer that only an unsigned one holds
  NodeList children;
  std::vector<std::string> declared;  // kPipe: variables it sets
  bool is_assign = false;             // kPipe: = instead of :=
  NodePtr pipe;
  NodeList list;
  NodeList else_list;
};

// One named template.
struct Tree {
  std::string name;
  std::string parse_name;                   // the text it came from
  std::shared_ptr<const std::string> text;  // for columns in errors
  NodeList root;
};
using TreeMap = std::map<std::string, std::shared_ptr<const Tree>, std::less<>>;

// Source-like text of an expression, as Go's errors show it: `.Labels.x | printf "%s"`.
std::string NodeText(const Node& node);
// True if it has only blank text: such a definition never replaces another one.
bool IsEmptyTree(const NodeList& root);

}  // namespace outrider::tmpl
