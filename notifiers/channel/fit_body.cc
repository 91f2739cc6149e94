// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/fit_body.h"

#include <algorithm>

#include "notifiers/channel/truncate.h"

namespace outrider {

std::string FitBody(std::string text, size_t limit,
                    const std::function<std::string(const std::string&)>& build) {
  std::string body = build(text);
  while (body.size() > limit && !text.empty()) {
    // In proportion, so that a text of escapes loses no more than it must; a few rounds do.
    const size_t excess = body.size() - limit;
    const size_t share = std::max<size_t>(excess * text.size() / body.size(), 4);
    text = share + 4 >= text.size() ? "" : TruncateBytes(text, text.size() - share);
    body = build(text);
  }
  return body;
}

}  // namespace outrider
