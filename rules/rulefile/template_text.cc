// SPDX-License-Identifier: Apache-2.0
#include "rules/rulefile/template_text.h"

namespace outrider {
namespace {

// The path of an absolute URL: http://host/prefix -> /prefix.
std::string PathOf(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  return slash == std::string::npos ? "" : url.substr(slash);
}

tmpl::Function Constant(std::string text) {
  return {[text = std::move(text)](std::span<const tmpl::Value>) -> StatusOr<tmpl::Value> {
            return tmpl::Value(text);
          },
          ""};
}

}  // namespace

std::string RuleTemplateName(const std::string& alert) { return "__alert_" + alert; }

tmpl::TemplateOptions RuleTemplateOptions(const RuleTemplateHost& host) {
  tmpl::TemplateOptions options;
  options.functions = tmpl::PrometheusFunctions();
  options.functions["query"] = {host.query.call, "s"};
  options.functions["now"] = {host.now.call, ""};
  options.functions["externalURL"] = Constant(host.external_url);
  options.functions["pathPrefix"] = Constant(PathOf(host.external_url));
  return options;
}

Status CheckRuleTemplate(const std::string& alert, std::string_view text) {
  const tmpl::Function nothing = [](std::span<const tmpl::Value>) -> StatusOr<tmpl::Value> {
    return tmpl::Value();
  };
  tmpl::TemplateSet set(RuleTemplateOptions({nothing, nothing, ""}));
  return set.Parse(RuleTemplateName(alert), std::string(kRuleTemplatePrefix) + std::string(text));
}

}  // namespace outrider
