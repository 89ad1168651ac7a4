#include "protocol/owned_message.hpp"

namespace warren::protocol {

OwnedMessage::OwnedMessage(const MessageView& view)
    : redelivered{view.redelivered},
      attempts_before{view.attempts_before},
      is_suspect{view.is_suspect},
      is_next{view.is_next},
      exchange_{view.exchange},
      routing_key_{view.routing_key},
      content_type_{view.content_type},
      content_encoding_{view.content_encoding},
      correlation_id_{view.correlation_id},
      reply_to_{view.reply_to},
      expiration_{view.expiration},
      message_id_{view.message_id},
      type_{view.type},
      user_id_{view.user_id},
      app_id_{view.app_id},
      body_{text_of(view.body)},
      has_empty_correlation_id_{view.has_empty_correlation_id},
      delivery_mode_{view.delivery_mode},
      priority_{view.priority},
      timestamp_{view.timestamp},
      headers_{view.headers} {}

MessageView OwnedMessage::view() const {
    return {.exchange = exchange_,
            .routing_key = routing_key_,
            .content_type = content_type_,
            .content_encoding = content_encoding_,
            .correlation_id = correlation_id_,
            .has_empty_correlation_id = has_empty_correlation_id_,
            .reply_to = reply_to_,
            .expiration = expiration_,
            .message_id = message_id_,
            .type = type_,
            .user_id = user_id_,
            .app_id = app_id_,
            .timestamp = timestamp_,
            .delivery_mode = delivery_mode_,
            .priority = priority_,
            .headers = headers_.value(),
            .body = bytes_of(body_),
            .redelivered = redelivered,
            .attempts_before = attempts_before,
            .is_suspect = is_suspect,
            .is_next = is_next,
            .body_bytes = body_.size()};
}

}  // namespace warren::protocol
