"""The client: one engine per profile, and what people and scripts see. Never imports relay."""
