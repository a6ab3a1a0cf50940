"""The pages about who may act for an account: people, invitations, groups of accounts, a landlord's premises."""
