"""The pages of campaigns: list, page of one campaign, actions, bursts."""
