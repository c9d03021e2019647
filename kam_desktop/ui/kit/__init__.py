"""Widgets that every page is built from: plain text, tokens of the theme, names for screen readers.

Lengths are px at 100 % (`theme.px` scales them); colours are token names of `theme.TOKENS` ("text", "muted", "danger").

labels      PlainLabel(text, size=, weight=, tone=, wrap=, select=), ElidedLabel, title, section, caption, strong,
            Link(text).opened, IconLabel(icon, token, size, name=, tile=), set_tip(widget, text), show_tip, plain_tip
buttons     Button(text, kind="primary|default|flat|danger", icon=, key=, small=, menu=), IconButton(icon, name),
            Chip(label, value, closable=).clicked/.closed, Segmented([(key, text)], chosen).changed, Tabs, open_below
frames      Panel(row=, ground=, lines="top", margins=, gap=).add(…, None is a stretch), Card, Line, page_head,
            tool_row, action_bar, side_panel, scrolled
cells       LOOK, GROUP, PRIVATE roles; Look(tone, strong, icon, part, part_tone, note); TextCell(name=True),
            AmountCell, DateCell, PillCell, ShareCell, AgeingCell, row_summary(model, row)
table_view  TableView(name).opened/.peeked, set_columns([Column(width, cell, rank)]), layout_state/restore_layout;
            TotalsRow(table).set_texts({column: text}). Models give finished text by DisplayRole, a Look by LOOK.
states      EmptyState(icon, text, help, Button), FilterEmpty(text, clear), ErrorState(title, text, code),
            Notice(text, tone, icon, action)
dialogs     ask, tell, failed, Dialog(title).body/.add_button, choose_files, choose_folder, choose_target
search_box  SearchBox(placeholder).asked(text), BareEdit
Beside the kit: ui/badges.py Pill(text, tone, icon), Tag, KeyCap, Tier, Avatar(letters, side); ui/charts.py
StackedBar([Part]), Progress(share), FigureStrip([Figure]); ui/icons.py; ui/paint.py for delegates and paintEvents.
Inputs of Qt (QLineEdit, QComboBox, QDateEdit, QCheckBox …) are dressed by the style sheet; property `invalid` True
gives the red border (call `style().polish(widget)` after setting it), property `cell` a cell editor's frame.
"""
