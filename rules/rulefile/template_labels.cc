// SPDX-License-Identifier: Apache-2.0
// The walk knows where dot and $labels are the rule's own: `range` and `with` set dot anew, and a
// variable may be declared again.
#include "rules/rulefile/template_labels.h"

#include <algorithm>

#include "rules/rulefile/template_text.h"
#include "rules/template/parser.h"

namespace outrider {
namespace {

using tmpl::Node;
using tmpl::NodeType;

class Reader {
 public:
  // The parser bounds the depth of the tree.
  void Statements(const tmpl::NodeList& list, bool own_dot) {  // NOLINT(misc-no-recursion)
    for (const tmpl::NodePtr& node : list) {
      if (node->pipe != nullptr) Expression(*node->pipe, own_dot);
      const bool rebinds = node->type == NodeType::kRange || node->type == NodeType::kWith;
      Statements(node->list, own_dot && !rebinds);
      Statements(node->else_list, own_dot);
    }
  }

  std::set<std::string> Take() { return std::move(labels_); }

 private:
  void Expression(const Node& node, bool own_dot) {  // NOLINT(misc-no-recursion)
    switch (node.type) {
      case NodeType::kField:
        if (own_dot && node.names.size() > 1 && node.names[0] == "Labels") Add(node.names[1]);
        return;
      case NodeType::kVariable:
        if (node.names.size() > 1 && node.names[0] == "$labels" && own_labels_) Add(node.names[1]);
        if (node.names.size() > 2 && node.names[0] == "$" && node.names[1] == "Labels") {
          Add(node.names[2]);
        }
        return;
      case NodeType::kCommand:
        Index(node, own_dot);
        break;
      default:
        break;
    }
    for (const tmpl::NodePtr& child : node.children) Expression(*child, own_dot);
    // The first declaration is the one of kRuleTemplatePrefix.
    if (std::ranges::find(node.declared, "$labels") != node.declared.end()) {
      own_labels_ = !std::exchange(declared_, true);
    }
  }

  void Index(const Node& command, bool own_dot) {
    if (command.children.size() != 3 || command.children[0]->text != "index") return;
    const Node& map = *command.children[1];
    const bool labels = (map.type == NodeType::kVariable && own_labels_ &&
                         map.names == std::vector<std::string>{"$labels"}) ||
                        (map.type == NodeType::kField && own_dot &&
                         map.names == std::vector<std::string>{"Labels"});
    const std::string* key = command.children[2]->constant.AsString();
    if (labels && command.children[2]->type == NodeType::kConstant && key != nullptr) Add(*key);
  }

  void Add(const std::string& name) { labels_.insert(name); }

  std::set<std::string> labels_;
  bool declared_ = false;
  bool own_labels_ = true;
};

}  // namespace

std::set<std::string> LabelsRead(std::string_view text) {
  if (!HasActions(text)) return {};
  const auto trees = tmpl::ParseTemplate(
      "lint", std::string(kRuleTemplatePrefix) + std::string(text), [](std::string_view) {
        return true;  // functions were checked when the file was read
      });
  if (!trees.ok()) return {};
  Reader reader;
  reader.Statements((*trees)[0]->root, true);
  return reader.Take();
}

}  // namespace outrider
