// SPDX-License-Identifier: Apache-2.0
// The formats of mail: addresses, header values, quoted-printable, multipart messages (RFC 5322,
// 2045, 2047).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/status.h"

namespace outrider {

struct MailAddress {
  std::string name;  // as a person reads it, may be empty
  std::string address;
};
// `a@b, "C, D" <c@d>`; an empty list is an error.
StatusOr<std::vector<MailAddress>> ParseMailAddresses(std::string_view text);
// As above, but what cannot be read is put aside, so that one bad address does not block the rest.
// An error only when nothing can be read.
StatusOr<std::vector<MailAddress>> ParseMailAddresses(std::string_view text,
                                                      std::vector<std::string>* unreadable);
// One header value again, names encoded where they need it.
std::string FormatMailAddresses(const std::vector<MailAddress>& addresses);

// RFC 2047 `=?utf-8?q?…?=` words where the text is not plain ASCII; line ends become blanks.
std::string EncodeHeader(std::string_view text);
// Quoted-printable with lines of at most 76 bytes; any line end becomes CRLF.
std::string EncodeQuotedPrintable(std::string_view text);

struct MailPart {
  std::string content_type;
  std::string text;
};
// A whole message with CRLF line ends: the headers (values encoded already, folded here), then the
// parts as multipart/alternative in their order.
std::string FormatMail(const std::vector<std::pair<std::string, std::string>>& headers,
                       const std::vector<MailPart>& parts, const std::string& boundary);

}  // namespace outrider
