//! What a user does on `/docs`.

use fantoccini::{Locator, elements::Element, key::Key};
use serde_json::Value;

use super::visit::{Visit, until};

/// The result that *Execute* showed for an operation.
pub struct Shown {
    pub status: String,
    pub body: Value,
}

impl Visit {
    /// Opens the page and waits until it has rendered.
    pub async fn open_docs(&self) {
        self.go("/docs").await;
        self.find(".opblock").await;
    }

    /// Each visible operation, such as `GET /users/me`.
    pub async fn operations(&self) -> Vec<String> {
        let script = "return Array.from(document.querySelectorAll('.opblock'), block =>
            block.querySelector('.opblock-summary-method').textContent + ' ' +
            block.querySelector('[data-path]').dataset.path)";
        let operations = self.evaluate(script).await;
        operations.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    /// Fills in the dialog of *Authorize* and sends it.
    pub async fn authorize(&self, username: &str, password: &str) {
        self.click(".auth-wrapper .btn.authorize").await;
        type_over(&self.find("#oauth_username, #password_username").await, username).await;
        type_over(&self.find("#oauth_password, #password_password").await, password).await;
        self.click(".modal-ux .auth-btn-wrapper .btn.authorize").await;
    }

    /// Waits until the dialog reports success, and closes it.
    pub async fn see_authorized(&self) {
        let said = self.text(".modal-ux .auth-container h6").await;
        assert_eq!(said, "Authorized");
        self.click(".modal-ux .btn-done").await;
    }

    /// Unfolds an operation such as `get /users/me`, enters `body` if it takes one, and executes it.
    pub async fn execute(&self, method: &str, path: &str, body: Option<&Value>) -> Shown {
        let block = format!("//div[contains(@class, 'opblock-{method}')][.//*[@data-path='{path}']]");
        let block = self.browser.find(Locator::XPath(&block)).await.unwrap();
        let id = block.attr("id").await.unwrap().unwrap();
        self.click(&format!("#{id} .opblock-summary-control")).await;
        if let Some(body) = body {
            type_over(&self.find(&format!("#{id} textarea.body-param__text")).await, &body.to_string()).await;
        }
        self.click(&format!("#{id} .btn.execute")).await;

        let live = format!("#{id} .live-responses-table .response");
        let status = self.text(&format!("{live} .response-col_status")).await;
        let body = until("the body of the answer", async || {
            let text = self.text(&format!("{live} .response-col_description .highlight-code code")).await;
            serde_json::from_str(&text).ok()
        })
        .await;
        Shown { status, body }
    }
}

/// Replaces the text of an input.
async fn type_over(input: &Element, text: &str) {
    let select_all = format!("{}a{}", char::from(Key::Control), char::from(Key::Null));
    input.send_keys(&select_all).await.unwrap();
    input.send_keys(text).await.unwrap();
}
