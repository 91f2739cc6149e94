// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/webhook_payload.h"

#include "notifiers/channel/yaml_json.h"

namespace outrider {
namespace {

// A configuration is not nested deeper than this (strict_yaml bounds it, too).
constexpr int kMaxDepth = 100;

class Renderer {
 public:
  Renderer(const tmpl::TemplateSet& templates, const tmpl::Value& data)
      : templates_(templates), data_(data) {}

  StatusOr<YamlNode> Render(const YamlNode& node, int depth) const {
    if (depth > kMaxDepth) return InvalidArgument("payload is nested too deeply");
    YamlNode out = node;
    for (YamlNode& item : out.items) item = TRY(Render(item, depth + 1));
    for (YamlNode::Entry& entry : out.entries) {
      entry.first.scalar = TRY(templates_.ExecuteText(entry.first.scalar, data_));
      entry.second = TRY(Render(entry.second, depth + 1));
    }
    if (!IsYamlText(node)) return out;
    return Reread(TRY(templates_.ExecuteText(node.scalar, data_)));
  }

 private:
  static YamlNode Reread(const std::string& text) {
    StatusOr<YamlNode> read = ParseYaml(text, "payload");
    if (read.ok() && !IsYamlText(*read)) return *std::move(read);
    YamlNode out;
    out.kind = YamlNode::Kind::kScalar;
    out.quoted = true;
    out.scalar = text;
    return out;
  }

  const tmpl::TemplateSet& templates_;
  const tmpl::Value& data_;
};

}  // namespace

StatusOr<std::string> CustomPayload(const YamlNode& payload, const tmpl::TemplateSet& templates,
                                    const tmpl::Value& data) {
  const YamlNode rendered = TRY(Renderer(templates, data).Render(payload, 0));
  std::string out;
  JsonWriter json(&out, JsonWriter::Escape::kGoHtml);
  WriteYamlAsJson(rendered, &json);
  return out + "\n";
}

}  // namespace outrider
