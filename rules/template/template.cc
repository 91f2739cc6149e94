// SPDX-License-Identifier: Apache-2.0
#include "rules/template/template.h"

#include <fmt/format.h>

#include <utility>

#include "rules/template/exec.h"
#include "rules/template/parser.h"
#include "storage/base/text.h"

namespace outrider::tmpl {

struct TemplateSet::Impl {
  TemplateOptions options;
  TreeMap trees;

  bool HasFunction(std::string_view name) const {
    return options.functions.contains(name) || BuiltinFunctions().contains(name);
  }

  // Adds the trees of a text to `*into`; an empty one never replaces another.
  Status AddTo(TreeMap* into, const std::string& name, std::string_view text) const {
    auto parsed =
        TRY(ParseTemplate(name, text, [this](std::string_view f) { return HasFunction(f); }));
    for (auto& tree : parsed) {
      auto& slot = (*into)[tree->name];
      if (slot == nullptr || !IsEmptyTree(tree->root)) slot = std::move(tree);
    }
    return absl::OkStatus();
  }

  StatusOr<std::string> Run(const TreeMap& templates, std::string_view name, const Value& data,
                            bool escape_html) const {
    const auto found = templates.find(name);
    if (found == templates.end()) {
      return NotFound(fmt::format("template: no template {} associated with template {}",
                                  Quote(name), Quote("")));
    }
    const FunctionMap bound = options.bind ? options.bind(data) : FunctionMap();
    const ExecScope scope{templates,   options.functions, bound, options.missing_key_zero,
                          escape_html, options.limits};
    return ExecuteTree(scope, *found->second, data);
  }

  StatusOr<std::string> RunText(std::string_view text, const Value& data, bool escape_html) const {
    if (text.empty()) return std::string();
    TreeMap with_text = trees;
    with_text.erase("");
    TRY(AddTo(&with_text, "", text));
    return Run(with_text, "", data, escape_html);
  }
};

TemplateSet::TemplateSet(TemplateOptions options)
    : impl_(std::make_unique<Impl>(Impl{std::move(options), {}})) {}
TemplateSet::~TemplateSet() = default;
TemplateSet::TemplateSet(TemplateSet&&) noexcept = default;
TemplateSet& TemplateSet::operator=(TemplateSet&&) noexcept = default;

Status TemplateSet::Parse(const std::string& name, std::string_view text) {
  return impl_->AddTo(&impl_->trees, name, text);
}

StatusOr<std::string> TemplateSet::Execute(std::string_view name, const Value& data) const {
  return impl_->Run(impl_->trees, name, data, impl_->options.escape_html);
}

StatusOr<std::string> TemplateSet::ExecuteText(std::string_view text, const Value& data) const {
  return impl_->RunText(text, data, impl_->options.escape_html);
}

StatusOr<std::string> TemplateSet::ExecuteHtml(std::string_view text, const Value& data) const {
  return impl_->RunText(text, data, true);
}

Status TemplateSet::Check(std::string_view text) const {
  TreeMap scratch;
  return impl_->AddTo(&scratch, "", text);
}

}  // namespace outrider::tmpl
