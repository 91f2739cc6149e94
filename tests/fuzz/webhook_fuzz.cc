// SPDX-License-Identifier: Apache-2.0
// Webhooks by API and what else reads bytes for them; the first byte chooses: bodies (what is
// accepted survives its row, and a template that is accepted gives JSON whatever an alert says),
// rows, the data of `template render`, bodies of tests, networks of the guard.
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/api/test_receiver.h"
#include "exporter/api/webhook_body.h"
#include "notifiers/channel/template_file.h"
#include "notifiers/hooks/hook.h"
#include "notifiers/hooks/hook_formats.h"
#include "notifiers/hooks/hook_template.h"
#include "notifiers/transport/address_guard.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

void Body(std::string_view text) {
  Hook hook;
  if (!IsValidUtf8(text) || !ReadWebhook(text, &hook).empty()) return;
  const auto again = DecodeHook(EncodeHook(hook));
  if (!again.ok() || !(*again == hook)) std::abort();
  HookMessage message;
  message.description = text;  // as hostile as it comes
  message.workload_name = "\"}],\\";
  message.threshold = -1e300;
  if (!ParseJson(HookBody(hook, message)).ok()) std::abort();
}

void Rows(std::string_view bytes) {
  const auto hook = DecodeHook(bytes);
  if (hook.ok() && !(*DecodeHook(EncodeHook(*hook)) == *hook)) std::abort();
  const auto delivery = DecodeHookDelivery(bytes);
  if (!delivery.ok()) return;
  if (!(*DecodeHookDelivery(EncodeHookDelivery(*delivery)) == *delivery)) std::abort();
}

void Network(std::string_view text) {
  const auto network = ParseIpNetwork(text);
  if (!network.ok()) return;
  if (!network->Contains(network->address)) std::abort();
  const auto again = ParseIpAddress(IpAddressText(network->address));
  if (!again.ok() || !(*again == network->address)) std::abort();
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      Body(text);
      break;
    case 1:
      Rows(text);
      break;
    case 2:
      if (const auto parsed = ParseTemplateData(text); parsed.ok()) (void)TemplateValue(*parsed);
      break;
    case 3:
      (void)ReadTestAlert(text);
      break;
    default:
      Network(text);
  }
  return 0;
}
