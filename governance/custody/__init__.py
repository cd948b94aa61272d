"""Operations on keys and copies; each writes its entry.

`founding` makes a store, `opening` opens it, `places` says where its files lie. `rotation` and `reindexing` renew keys
and blind indexes, `shredding` destroys keys and writes `tombstones`. `backup` and `restore` make and take copies
(`streams` encrypts them, `replaying` brings an old one up to date), `recovery` makes the sheet that brings a lost
keyring back. `doctor` collects all `findings`.
"""
